package dev.stoa.platform.resource;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A file system in a sparse file, mounted on a folder: the kernel refuses to write more into it than it is large. Blocks that
 * are freed in it are given back to the disk.
 *
 * @param file  the image
 * @param point where it is mounted; the platform's own process sees it there, and all that it starts
 */
record VolumeImage(Path file, Path point) {
    /** Of a file system of ext4: journal, superblocks, and inode tables for a file of 8 KiB each. */
    private static final long OVERHEAD_BYTES = 16L << 20;

    private static final long OVERHEAD_PER_BYTE_DIVISOR = 25;
    private static final long BYTES_PER_INODE = 8192;

    /** A quota may grow so much without the image's growing, for which not every machine gives the right. */
    private static final long GROWTH = 4;

    private static final long GROWTH_BYTES_MIN = 1L << 30;

    /** Of its own folders. */
    private static final long OWN_BYTES = 32L << 10;

    /** What ext4 keeps for itself of the free room. */
    private static final long KEPT_DIVISOR = 50;

    private static final long KEPT_BYTES_MAX = 4096L * 4096;

    private static final long PAGE_BYTES = 4096;
    private static final int MESSAGE_BYTES_MAX = 500;
    private static final int TOOL_SECONDS_MAX = 120;

    private static final List<String> TOOLS =
            List.of("mkfs.ext4", "resize2fs", "mount", "umount", "losetup", "fallocate");
    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /** Whether this machine allows it: root, loop devices and the tools of ext4. */
    static boolean isPossible() {
        return "root".equals(System.getProperty("user.name"))
                && Files.exists(Path.of("/dev/loop-control"))
                && TOOLS.stream()
                        .allMatch(tool -> Stream.of(PATH.split(":", -1))
                                .anyMatch(directory -> Files.isExecutable(Path.of(directory, tool))));
    }

    boolean isThere() {
        return Files.exists(file);
    }

    /** What the app may write to. */
    Path data() {
        return point.resolve("data");
    }

    private Path reserve() {
        return point.resolve("reserve");
    }

    /** @param bytes that may be written to it */
    void make(long bytes) throws IOException {
        Path draft = file.resolveSibling(VolumeFolder.DRAFT + "image");
        Files.deleteIfExists(draft);
        Files.createFile(draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        long disk = Files.getFileStore(file.getParent()).getTotalSpace();
        lengthen(draft, imageBytes(Math.max(bytes, Math.min(disk, bytes * GROWTH + GROWTH_BYTES_MIN))));
        run(
                "mkfs.ext4",
                "-q",
                "-F",
                "-m",
                "0",
                "-b",
                String.valueOf(PAGE_BYTES),
                "-i",
                String.valueOf(BYTES_PER_INODE),
                "-J",
                "size=4",
                "-E",
                "lazy_itable_init=1,lazy_journal_init=1",
                draft.toString());
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        open();
        resize(bytes);
    }

    private static long imageBytes(long bytes) {
        long all = bytes + bytes / OVERHEAD_PER_BYTE_DIVISOR + OVERHEAD_BYTES;
        return all - all % PAGE_BYTES;
    }

    private static void lengthen(Path file, long bytes) throws IOException {
        try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
            if (image.length() < bytes) {
                image.setLength(bytes);
            }
        }
    }

    /** Mounts it, unless it is mounted. */
    void open() throws IOException {
        if (device().isEmpty()) {
            Files.createDirectories(
                    point, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            run(
                    "mount",
                    "-t",
                    "ext4",
                    "-o",
                    "loop,nosuid,nodev,discard,noinit_itable",
                    file.toString(),
                    point.toString());
        }
        if (!Files.isDirectory(data())) {
            Files.createDirectory(data());
        }
    }

    /** Instances that have it keep it until they end. */
    void close() throws IOException {
        if (device().isPresent()) {
            run("umount", "--lazy", point.toString());
        }
    }

    /** @throws IOException if it holds more than that already, or the machine cannot make it so large */
    void resize(long bytes) throws IOException {
        String device = device().orElseThrow(() -> new IOException(point + " is not mounted"));
        if (room() < bytes) {
            lengthen(file, imageBytes(bytes));
            run("losetup", "--set-capacity", device);
            run("resize2fs", device);
        }
        reserve(Math.max(0, room() - bytes));
    }

    private long room() throws IOException {
        long total = Files.getFileStore(point).getTotalSpace();
        return total - OWN_BYTES - Math.min(total / KEPT_DIVISOR, KEPT_BYTES_MAX);
    }

    /** What the image has beyond the quota is taken by a file of its own, which costs nothing on the disk. */
    private void reserve(long bytes) throws IOException {
        try (RandomAccessFile reserve = new RandomAccessFile(reserve().toFile(), "rw")) {
            long before = reserve.length();
            if (bytes <= before) {
                reserve.setLength(bytes);
                return;
            }
            boolean taken = false;
            try {
                run("fallocate", "--length", String.valueOf(bytes), reserve().toString());
                taken = true;
            } finally {
                if (!taken) {
                    reserve.setLength(before);
                }
            }
        }
    }

    /** Of the kernel's list of mounts. */
    private Optional<String> device() throws IOException {
        String wanted = " " + point.toString().replace("\\", "\\134").replace(" ", "\\040") + " ";
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/mounts"), StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.contains(wanted))
                    .map(line -> line.substring(0, line.indexOf(' ')))
                    .reduce((_, last) -> last);
        }
    }

    private static void run(String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PATH", PATH);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readNBytes(MESSAGE_BYTES_MAX), StandardCharsets.UTF_8);
        try {
            if (!process.waitFor(TOOL_SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException("%s takes more than %d s".formatted(command[0], TOOL_SECONDS_MAX));
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException(command[0] + " was interrupted", e);
        }
        if (process.exitValue() != 0) {
            throw new IOException("%s failed: %s".formatted(command[0], said.strip()));
        }
    }
}
