package dev.stoa.platform.resource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The server process of a cluster, as {@code postmaster.pid} describes it (PostgreSQL: src/include/utils/pidfile.h).
 *
 * @param address the first one that it listens on
 * @param ready   whether it takes connections
 */
record Postmaster(long pid, int port, String address, boolean ready) {
    private static final String FILE = "postmaster.pid";
    private static final Path PROCESSES = Path.of("/proc");
    private static final int PID_LINE = 0;
    private static final int PORT_LINE = 3;
    private static final int ADDRESS_LINE = 5;
    private static final int STATUS_LINE = 7;

    /** The one that runs in this data directory now, if any. */
    static Optional<Postmaster> running(Path data) {
        return read(data).filter(postmaster -> postmaster.runsIn(data));
    }

    /** Whether there is one, or was one that has not stopped in order. */
    static boolean isKnown(Path data) {
        return Files.exists(data.resolve(FILE));
    }

    /** Whether it still runs, and is no other process that has got its number. */
    boolean runsIn(Path data) {
        return runsIn(data, pid);
    }

    /** Whether there is a process of its number that is not it: PostgreSQL then would not start. */
    static Optional<Postmaster> impostor(Path data) {
        return read(data)
                .filter(postmaster -> !postmaster.runsIn(data)
                        && ProcessHandle.of(postmaster.pid())
                                .filter(ProcessHandle::isAlive)
                                .isPresent());
    }

    /** Whether any process works in the data directory, such as one that has not noticed yet that its server is gone. */
    static boolean anyIn(Path data) throws IOException {
        if (!Files.isDirectory(PROCESSES)) {
            return false;
        }
        try (Stream<Path> processes = Files.list(PROCESSES)) {
            return processes
                    .map(process -> process.getFileName().toString())
                    .filter(name -> name.chars().allMatch(Character::isDigit))
                    .anyMatch(name -> runsIn(data, Long.parseLong(name)));
        }
    }

    static void forget(Path data) throws IOException {
        Files.deleteIfExists(data.resolve(FILE));
    }

    private static boolean runsIn(Path data, long pid) {
        return worksIn(data, pid, "postgres");
    }

    /**
     * Whether the process works in the folder now.
     *
     * @param program the end of its name, where the system tells nothing else
     */
    static boolean worksIn(Path data, long pid, String program) {
        if (Files.isDirectory(PROCESSES.resolve("self"))) {
            try {
                return Files.isSameFile(PROCESSES.resolve(Long.toString(pid)).resolve("cwd"), data);
            } catch (IOException e) {
                return false;
            }
        }
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .flatMap(handle -> handle.info().command())
                .filter(command -> command.endsWith(program))
                .isPresent();
    }

    private static Optional<Postmaster> read(Path data) {
        try {
            List<String> lines = Files.readAllLines(data.resolve(FILE));
            if (lines.size() <= PORT_LINE) {
                return Optional.empty();
            }
            boolean ready =
                    lines.size() > STATUS_LINE && lines.get(STATUS_LINE).strip().equals("ready");
            return Optional.of(new Postmaster(
                    Long.parseLong(lines.get(PID_LINE).strip()),
                    Integer.parseInt(lines.get(PORT_LINE).strip()),
                    lines.size() > ADDRESS_LINE ? lines.get(ADDRESS_LINE).strip() : "",
                    ready));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }
}
