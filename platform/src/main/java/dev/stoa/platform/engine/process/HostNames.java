package dev.stoa.platform.engine.process;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How an instance with a network of its own finds hosts by name: its /etc/hosts and /etc/resolv.conf. */
final class HostNames {
    /** The machine that the platform runs on, for what else listens there. */
    static final String MACHINE = "host.stoa.internal";

    private static final Path HOSTS = Path.of("/etc/hosts");
    private static final Path RESOLVER = Path.of("/etc/resolv.conf");

    /** Where systemd-resolved keeps the servers that it asks itself. */
    private static final Path RESOLVED = Path.of("/run/systemd/resolve/resolv.conf");

    private HostNames() {}

    /** Writes the machine's hosts and the names that lead to the gateway; into the same file, as the instance sees that. */
    static void write(InstanceFiles files, InetAddress gateway, List<String> names) throws IOException {
        String own = Stream.concat(Stream.of(MACHINE), names.stream())
                .map(name -> gateway.getHostAddress() + " " + name + "\n")
                .collect(Collectors.joining());
        byte[] content = (text(HOSTS) + "\n" + own).getBytes(StandardCharsets.UTF_8);
        try (RandomAccessFile file = new RandomAccessFile(files.hosts().toFile(), "rw")) {
            file.write(content);
            file.setLength(content.length);
        }
        readable(files.hosts());
    }

    /** A server on the machine's own loopback address is out of the instance's reach. */
    static void writeResolver(InstanceFiles files) throws IOException {
        String text = text(RESOLVER);
        boolean local = servers(text).allMatch(HostNames::isLoopback);
        List<String> lines = (local && Files.exists(RESOLVED) ? text(RESOLVED) : text)
                .lines()
                .filter(line -> !line.startsWith("nameserver") || !isLoopback(server(line)))
                .toList();
        Files.write(files.resolver(), lines);
        readable(files.resolver());
    }

    private static Stream<String> servers(String text) {
        return text.lines().filter(line -> line.startsWith("nameserver")).map(HostNames::server);
    }

    private static String server(String line) {
        return line.substring("nameserver".length()).strip();
    }

    private static boolean isLoopback(String address) {
        return address.startsWith("127.") || address.equals("::1");
    }

    private static String text(Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file) : "";
    }

    private static void readable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }
}
