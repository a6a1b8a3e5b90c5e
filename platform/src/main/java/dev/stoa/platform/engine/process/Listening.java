package dev.stoa.platform.engine.process;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the addresses on which processes listen, from what Linux shows in /proc. */
final class Listening {
    /** Local address and port in hexadecimal, the state LISTEN, and further on the inode. */
    private static final Pattern LISTENER = Pattern.compile(
            "\\s*\\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A \\S+ \\S+ \\S+ +\\d+ +\\d+ (\\d+) .*");

    private Listening() {}

    /** Such as {@code 127.0.0.1:5000} and {@code [::]:80}; empty where there is no /proc. */
    static List<String> of(List<ProcessHandle> processes) {
        List<String> addresses = new ArrayList<>();
        if (processes.isEmpty()) {
            return addresses;
        }
        Map<String, String> listeners = new HashMap<>();
        for (String table : List.of("tcp", "tcp6")) {
            listeners.putAll(listeners(Path.of("/proc/" + processes.getFirst().pid() + "/net/" + table)));
        }
        for (ProcessHandle process : processes) {
            for (String inode : sockets(process)) {
                String address = listeners.remove(inode);
                if (address != null) {
                    addresses.add(address);
                }
            }
        }
        addresses.sort(null);
        return addresses;
    }

    private static Map<String, String> listeners(Path table) {
        Map<String, String> addressByInode = new HashMap<>();
        try {
            for (String line : Files.readAllLines(table)) {
                Matcher match = LISTENER.matcher(line);
                if (match.matches()) {
                    addressByInode.put(match.group(3), address(match.group(1), match.group(2)));
                }
            }
        } catch (IOException e) {
            return addressByInode;
        }
        return addressByInode;
    }

    /** The kernel prints an address as 32-bit words in the machine's byte order, and a port as a plain number. */
    static String address(String hexAddress, String hexPort) throws UnknownHostException {
        byte[] bytes = new byte[hexAddress.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            int printed = (i / 4) * 4 + 3 - i % 4;
            bytes[i] = (byte) Integer.parseInt(hexAddress, printed * 2, printed * 2 + 2, 16);
        }
        InetAddress address = InetAddress.getByAddress(bytes);
        int port = Integer.parseInt(hexPort, 16);
        if (address instanceof Inet6Address) {
            return "[" + (address.isAnyLocalAddress() ? "::" : address.isLoopbackAddress() ? "::1" : plain(address))
                    + "]:" + port;
        }
        return plain(address) + ":" + port;
    }

    private static String plain(InetAddress address) {
        return address.getHostAddress();
    }

    private static List<String> sockets(ProcessHandle process) {
        List<String> inodes = new ArrayList<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/fd"))) {
            for (Path descriptor : descriptors) {
                String target = target(descriptor);
                if (target.startsWith("socket:[")) {
                    inodes.add(target.substring("socket:[".length(), target.length() - 1));
                }
            }
        } catch (IOException e) {
            return inodes;
        }
        return inodes;
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "";
        }
    }
}
