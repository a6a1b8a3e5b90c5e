package dev.stoa.platform.engine.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The processes of an instance, found from its shim. In a sandbox they are a chain: the shim, the program that holds the
 * sandbox, process 1 of the PID namespace, the app. Without one, the app is the shim's own child.
 *
 * @param logger the shim's other child, which writes the output to its file; 0 if it is not known
 */
record ProcessTree(ProcessHandle shim, long logger, boolean isolated) {
    private static final int SESSION_FIELD = 3;

    /** The app's own process. */
    Optional<ProcessHandle> app() {
        return isolated ? init().flatMap(this::firstChild) : firstChild(shim);
    }

    /** Process 1 of the instance's PID namespace: when it ends, the kernel ends all others. */
    Optional<ProcessHandle> init() {
        return isolated ? firstChild(shim).flatMap(this::firstChild) : Optional.empty();
    }

    /** Every process of the instance, without those that hold its sandbox. */
    List<ProcessHandle> processes() {
        if (isolated) {
            return init().map(init -> init.descendants().toList()).orElse(List.of());
        }
        Set<Long> logging = ProcessHandle.of(logger).stream()
                .flatMap(process -> Stream.concat(Stream.of(process), process.descendants()))
                .map(ProcessHandle::pid)
                .collect(Collectors.toSet());
        return Stream.concat(shim.descendants(), session())
                .distinct()
                .filter(process -> !logging.contains(process.pid()))
                .toList();
    }

    /** What has left the tree by a double fork is still in the session, of which the shim is the leader. */
    private Stream<ProcessHandle> session() {
        if (!Files.isDirectory(Path.of("/proc/self"))) {
            return Stream.empty();
        }
        return ProcessHandle.allProcesses().filter(other -> other.pid() != shim.pid() && session(other) == shim.pid());
    }

    private static long session(ProcessHandle process) {
        try {
            String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"), StandardCharsets.ISO_8859_1);
            // The name, which may hold anything, ends with the last parenthesis.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return Long.parseLong(fields[SESSION_FIELD]);
        } catch (IOException | RuntimeException e) {
            return -1;
        }
    }

    private Optional<ProcessHandle> firstChild(ProcessHandle parent) {
        String pid = String.valueOf(parent.pid());
        try {
            return Pattern.compile("\\d+")
                    .matcher(Files.readString(Path.of("/proc", pid, "task", pid, "children")))
                    .results()
                    .map(number -> Long.parseLong(number.group()))
                    .filter(child -> child != logger)
                    .findFirst()
                    .flatMap(ProcessHandle::of);
        } catch (IOException e) {
            return parent.children()
                    .filter(child -> child.pid() != logger)
                    .min(Comparator.comparing(
                            child -> child.info().startInstant().orElse(Instant.MAX)));
        }
    }

    /** Empty for a process that is gone, a zombie or another user's. */
    static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.UTF_8)
                    .replace('\0', ' ');
        } catch (IOException e) {
            return process.info().commandLine().orElse("");
        }
    }
}
