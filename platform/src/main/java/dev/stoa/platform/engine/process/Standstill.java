package dev.stoa.platform.engine.process;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.engine.Engine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Processes that were stopped, and go on when this is closed. A shell of its own stops them, and lets them go on when the
 * pipe to it ends: nothing stands still for good when the platform is killed.
 */
final class Standstill implements Engine.Hold {
    /** Each line of the input is a list of processes to stop. */
    private static final String SCRIPT = """
            trap '' HUP INT TERM
            held=
            while read -r processes; do
                kill -STOP $processes 2>/dev/null
                held="$held $processes"
                echo stopped
            done
            for process in $held; do kill -CONT "$process" 2>/dev/null; done
            """;

    private static final Duration STILL_WITHIN = Duration.ofSeconds(3);
    private static final Duration LOOK_EVERY = Duration.ofMillis(2);

    /** Stopped, traced, or gone. */
    private static final String STILL = "TtZX";

    private final Process shell;
    private final Writer commands;
    private final BufferedReader answers;

    private Standstill() throws IOException {
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", SCRIPT));
        if (Launcher.onPath("setsid")) {
            command.addFirst("setsid");
        }
        shell = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        commands = shell.outputWriter(StandardCharsets.UTF_8);
        answers = new BufferedReader(new InputStreamReader(shell.getInputStream(), StandardCharsets.UTF_8));
    }

    /** @param processes those that are there now; asked again, as one may fork before it stands */
    static Standstill of(Supplier<List<Long>> processes) {
        Standstill standstill = null;
        boolean still = false;
        try {
            standstill = new Standstill();
            standstill.stop(processes);
            still = true;
            return standstill;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot stop processes", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(ErrorCode.INTERRUPTED, "interrupted while processes were stopped", "", e);
        } finally {
            if (standstill != null && !still) {
                standstill.close();
            }
        }
    }

    private void stop(Supplier<List<Long>> processes) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + STILL_WITHIN.toNanos();
        Set<Long> stopped = new HashSet<>();
        while (true) {
            List<Long> present = processes.get();
            List<Long> fresh = present.stream()
                    .filter(process -> !stopped.contains(process))
                    .toList();
            if (!fresh.isEmpty()) {
                commands.write(fresh.stream().map(String::valueOf).collect(Collectors.joining(" ", "", "\n")));
                commands.flush();
                if (answers.readLine() == null) {
                    throw new IOException("the shell that stops processes has ended");
                }
                stopped.addAll(fresh);
            } else if (present.stream().allMatch(Standstill::isStill)) {
                return;
            } else if (System.nanoTime() > deadline) {
                throw new StoaException(
                        ErrorCode.INTERNAL,
                        "the app's processes did not stand still within %d s".formatted(STILL_WITHIN.toSeconds()),
                        "try again, or with the app stopped");
            } else {
                Thread.sleep(LOOK_EVERY);
            }
        }
    }

    private static boolean isStill(long process) {
        try {
            String stat = Files.readString(Path.of("/proc/" + process + "/stat"), StandardCharsets.ISO_8859_1);
            // The name, which may hold anything, ends with the last parenthesis.
            return STILL.indexOf(stat.charAt(stat.lastIndexOf(')') + 2)) >= 0;
        } catch (IOException e) {
            return true;
        }
    }

    @Override
    public void close() {
        try {
            commands.close();
        } catch (IOException e) {
            shell.destroy();
        }
        try {
            shell.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
