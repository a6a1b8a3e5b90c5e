package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.FileTree;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The programs of one PostgreSQL, unpacked from the archive on the class path that fits this system.
 *
 * @param directory with {@code bin/}, {@code lib/} and {@code share/}
 * @param version   such as {@code 18.6}
 */
public record PostgresBinaries(Path directory, String version) {
    private static final int BUSY_ATTEMPTS = 200;
    private static final Duration BUSY_PAUSE = Duration.ofMillis(10);

    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+[.\\w]*)");
    private static final String PREFIX = "postgres-";

    public PostgresBinaries {
        directory = directory.toAbsolutePath();
    }

    /** The number before the dot, which data directories of other numbers do not go with. */
    public int major() {
        return Integer.parseInt(version.replaceFirst("\\D.*", ""));
    }

    /**
     * Unpacks the archive into a directory below {@code parent}, named by version and checksum, unless that was done before.
     * Several processes may do so at once.
     *
     * @throws StoaException if there is no archive for this system, or it is damaged, or the disk is full
     */
    public static PostgresBinaries unpacked(Path parent) {
        return unpackedFor(System.getProperty("os.name"), System.getProperty("os.arch"), parent);
    }

    static PostgresBinaries unpackedFor(String osName, String osArch, Path parent) {
        String name = archiveName(osName, osArch);
        URL archive = PostgresBinaries.class.getResource("/" + name);
        if (archive == null) {
            throw new StoaException(
                    ErrorCode.TOOL_MISSING,
                    "this package of Stoa has no PostgreSQL for %s on %s (looked for %s)"
                            .formatted(osName, osArch, name),
                    "start it with a database of your own: stoa up --database-url jdbc:postgresql://host/name?user=…&password=…");
        }
        return unpacked(archive, parent);
    }

    static PostgresBinaries unpacked(URL archive, Path parent) {
        try {
            Files.createDirectories(parent);
            String checksum = checksum(archive);
            Optional<PostgresBinaries> there = find(parent, checksum);
            return there.isPresent() ? there.get() : unpack(archive, parent, checksum);
        } catch (IOException e) {
            throw unpackingFailed(archive, parent, e);
        }
    }

    /** The name inside the jars of io.zonky.test.postgres, such as {@code postgres-linux-x86_64.txz}. */
    static String archiveName(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : osName.toLowerCase(Locale.ROOT);
        String arch = switch (osArch) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            default -> osArch;
        };
        return PREFIX + os + "-" + arch + ".txz";
    }

    private static StoaException unpackingFailed(URL archive, Path parent, IOException e) {
        if (DiskFull.causes(e)) {
            return new StoaException(
                    ErrorCode.DISK_FULL,
                    "the disk is full: PostgreSQL cannot be unpacked into " + parent,
                    "it needs 80 MB; STOA_HOME names another place",
                    e);
        }
        return new StoaException(
                ErrorCode.INTERNAL,
                "cannot unpack PostgreSQL from %s into %s: %s".formatted(archive, parent, e.getMessage()),
                "if the archive is damaged, fetch or build this package of Stoa again",
                e);
    }

    private static Optional<PostgresBinaries> find(Path parent, String checksum) throws IOException {
        try (Stream<Path> directories = Files.list(parent)) {
            return directories
                    .filter(path -> path.getFileName().toString().startsWith(PREFIX)
                            && path.getFileName().toString().endsWith("-" + checksum))
                    .findFirst()
                    .map(path -> {
                        String name = path.getFileName().toString();
                        String version = name.substring(PREFIX.length(), name.length() - checksum.length() - 1);
                        return new PostgresBinaries(path, version);
                    });
        }
    }

    private static PostgresBinaries unpack(URL archive, Path parent, String checksum) throws IOException {
        Path draft = Files.createTempDirectory(parent, "unpacking-");
        try {
            Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rwxr-xr-x"));
            try (InputStream in = new BufferedInputStream(archive.openStream(), 1 << 16);
                    TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(in))) {
                extract(tar, draft);
            }
            String version = askVersion(draft);
            Path home = parent.resolve(PREFIX + version + "-" + checksum);
            try {
                Files.move(draft, home, StandardCopyOption.ATOMIC_MOVE);
            } catch (FileSystemException e) {
                // Another process may have been faster; what it unpacked is the same.
                if (!Files.isDirectory(home)) {
                    throw e;
                }
            }
            return new PostgresBinaries(home, version);
        } finally {
            FileTree.delete(draft);
        }
    }

    private static void extract(TarArchiveInputStream tar, Path into) throws IOException {
        for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            Path path = into.resolve(entry.getName()).normalize();
            if (!path.startsWith(into)) {
                throw new IOException("an entry leaves the directory: " + entry.getName());
            }
            // Static libraries are for those who build extensions.
            if (entry.getName().endsWith(".a")) {
                continue;
            }
            if (entry.isDirectory()) {
                Files.createDirectories(path);
                continue;
            }
            Files.createDirectories(path.getParent());
            if (entry.isSymbolicLink()) {
                Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
            } else {
                Files.copy(tar, path);
                if ((entry.getMode() & 0100) != 0) {
                    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
                }
            }
        }
    }

    private static String askVersion(Path home) throws IOException {
        Path program = home.resolve("bin/postgres");
        if (!Files.isExecutable(program)) {
            throw new IOException("there is no bin/postgres in it");
        }
        Process process = started(new ProcessBuilder(program.toString(), "--version").redirectErrorStream(true));
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher matcher = VERSION.matcher(said);
        if (!matcher.find()) {
            throw new IOException("its bin/postgres does not run here: " + said.strip());
        }
        return matcher.group(1);
    }

    /**
     * Starts a program that was written a moment ago. A process that another thread forks meanwhile has the file open, too, until
     * it becomes its own program, and a file that somebody writes to cannot be run.
     */
    private static Process started(ProcessBuilder program) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return program.start();
            } catch (IOException e) {
                if (attempt == BUSY_ATTEMPTS || !String.valueOf(e.getMessage()).contains("Text file busy")) {
                    throw e;
                }
                LockSupport.parkNanos(BUSY_PAUSE.toNanos());
            }
        }
    }

    /** The CRC-32 that a jar has noted already, so that no start reads the archive's 15 MB only to find them unpacked. */
    private static String checksum(URL archive) throws IOException {
        URLConnection connection = archive.openConnection();
        if (connection instanceof JarURLConnection jar) {
            return "%08x".formatted(jar.getJarEntry().getCrc());
        }
        CRC32 crc = new CRC32();
        try (InputStream in = new CheckedInputStream(connection.getInputStream(), crc)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return "%08x".formatted(crc.getValue());
    }
}
