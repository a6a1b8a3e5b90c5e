package dev.stoa.platform.build.cnb;

import dev.stoa.platform.base.Shell;
import dev.stoa.platform.build.cnb.LaunchToml.Start;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The program by which instances start: it makes the environment that the layers ask for, runs their {@code exec.d}
 * programs, and becomes the process. It stands in the slug, since that is all that an instance has.
 */
final class LaunchScript {
    private final String mount;
    private final List<Step> steps = new ArrayList<>();
    private final List<String> programs = new ArrayList<>();
    private final Map<String, List<String>> programsOf = new LinkedHashMap<>();

    private sealed interface Step {
        record Always(EnvChange change) implements Step {}

        /** @param type as launch.toml names it */
        record For(String type, EnvChange change) implements Step {}
    }

    /** @param mount where the app's folder stands for instances */
    LaunchScript(String mount) {
        this.mount = mount;
    }

    void always(List<EnvChange> changes) {
        changes.forEach(change -> steps.add(new Step.Always(change)));
    }

    void only(String type, List<EnvChange> changes) {
        changes.forEach(change -> steps.add(new Step.For(type, change)));
    }

    /** A program of {@code exec.d}. */
    void runs(String path) {
        programs.add(path);
    }

    void runs(String type, String path) {
        programsOf.computeIfAbsent(type, _ -> new ArrayList<>()).add(path);
    }

    boolean runsPrograms() {
        return !programs.isEmpty() || !programsOf.isEmpty();
    }

    /** What is the same for all processes, for commands that are not started by the script. */
    Map<String, String> env(Map<String, String> base) {
        Map<String, String> env = new LinkedHashMap<>(base);
        for (Step step : steps) {
            if (step instanceof Step.Always(EnvChange change)) {
                change.apply(env);
            }
        }
        return env;
    }

    /**
     * The script.
     *
     * @param starts by process type of the app
     * @param base   the environment before any layer
     */
    String text(Map<String, Start> starts, Map<String, String> base) {
        List<String> lines = new ArrayList<>();
        lines.add("#!/bin/sh");
        lines.add("# Starts a process in the environment of its layers:  .stoa/launch TYPE [-- COMMAND]");
        lines.add("cd " + Shell.quote(mount) + " || exit 80");
        lines.add("type=$1");
        lines.add("process=$1");
        starts.forEach((type, start) -> {
            if (!type.equals(start.type())) {
                lines.add("[ \"$type\" = %s ] && process=%s".formatted(Shell.quote(type), Shell.quote(start.type())));
            }
        });
        reset(lines, base);
        for (Step step : steps) {
            lines.add(
                    switch (step) {
                        case Step.Always(EnvChange change) -> change.script();
                        case Step.For(String type, EnvChange change) ->
                            "if [ \"$process\" = %s ]; then\n%s\nfi".formatted(Shell.quote(type), change.script());
                    });
        }
        if (runsPrograms()) {
            lines.add(resource("exec-d.sh").strip());
            programs.forEach(program -> lines.add("exec_d " + Shell.quote(program)));
            programsOf.forEach((type, paths) -> lines.add(paths.stream()
                    .map(path -> "exec_d " + Shell.quote(path))
                    .collect(Collectors.joining(
                            "\n", "if [ \"$process\" = " + Shell.quote(type) + " ]; then\n", "\nfi"))));
        }
        lines.add("[ \"${2-}\" = -- ] && exec /bin/sh -c \"$3\"");
        lines.add("case $type in");
        starts.forEach((type, start) -> {
            lines.add(Shell.quote(type) + ")");
            start.workingFolder().ifPresent(folder -> lines.add("cd " + Shell.quote(folder) + " || exit 80"));
            lines.add("exec " + start.command().stream().map(Shell::quote).collect(Collectors.joining(" ")));
            lines.add(";;");
        });
        lines.add("esac");
        lines.add("echo \"launch.toml has no process type $type\" >&2");
        lines.add("exit 82");
        return String.join("\n", lines) + "\n";
    }

    /** Instances start with what {@link #env} has made; what a config var has set stays. */
    private void reset(List<String> lines, Map<String, String> base) {
        env(base).forEach((name, value) -> {
            if (!value.equals(base.get(name))) {
                lines.add("if [ \"${%s-}\" = %s ]; then %s; fi"
                        .formatted(
                                name,
                                Shell.quote(value),
                                base.containsKey(name) ? name + "=" + Shell.quote(base.get(name)) : "unset " + name));
            }
        });
    }

    /** A process of which only the command is not from launch.toml. */
    static String command(String type) {
        return CloudNativeBuild.LAUNCHER + " " + type;
    }

    static String command(String type, String command) {
        return command(type) + " -- " + Shell.quote(command);
    }

    /** The program that a script names, as people write it. */
    static String readable(Start start) {
        return start.command().stream()
                .map(word -> word.matches("[\\w./:=@%+,-]+") ? word : Shell.quote(word))
                .collect(Collectors.joining(" "));
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(LaunchScript.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
