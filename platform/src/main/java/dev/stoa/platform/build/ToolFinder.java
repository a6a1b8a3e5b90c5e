package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Finds programs of this machine: on the platform's PATH, else among what mise and asdf have installed, else where
 * installers usually put them.
 *
 * <p>What stands on the PATH may be a shim of a version manager, which works only for the user who installed it. So a
 * program is asked once where it really lives, outside the sandbox and away from the app's files.
 */
final class ToolFinder {
    private static final int PROBE_SECONDS_MAX = 20;

    private final Map<String, String> environment;

    /** By the question, the program's path and its time: a program that is replaced is asked again. */
    private final Map<String, List<String>> answers = new ConcurrentHashMap<>();

    ToolFinder(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    Optional<Path> onPath(String program) {
        return programs(folders("PATH", BuildEnvironment.SYSTEM_PATH), program).findFirst();
    }

    /** The one that the app asks for where a version manager has it, else the first that there is. */
    Optional<Path> find(ToolKind kind, Optional<ToolWish> wish) {
        Optional<Path> onPath = onPath(kind.program());
        boolean fits = onPath.isPresent()
                && (wish.isEmpty()
                        || wish.get().metBy(version(kind, onPath.get()).orElse("")));
        if (!fits) {
            Optional<Path> managed = installs(kind.names()).stream()
                    .filter(install -> wish.isEmpty()
                            || wish.get().metBy(nameOf(install))
                            || nameOf(install).equals(wish.get().version()))
                    .flatMap(install -> programs(List.of(install.resolve("bin"), install), kind.program()))
                    .findFirst();
            if (managed.isPresent()) {
                return managed;
            }
        }
        return onPath.or(() -> programs(usual(kind), kind.program()).findFirst())
                .or(() -> installs(kind.names()).stream()
                        .flatMap(install -> programs(List.of(install.resolve("bin"), install), kind.program()))
                        .findFirst());
    }

    /** What mise and asdf have installed of a tool, the newest first. */
    List<Path> installs(List<String> names) {
        List<Path> roots = new ArrayList<>();
        variable("MISE_DATA_DIR").map(Path::of).ifPresent(roots::add);
        variable("XDG_DATA_HOME").map(data -> Path.of(data, "mise")).ifPresent(roots::add);
        home().map(home -> home.resolve(".local/share/mise")).ifPresent(roots::add);
        variable("ASDF_DATA_DIR").map(Path::of).ifPresent(roots::add);
        home().map(home -> home.resolve(".asdf")).ifPresent(roots::add);
        return roots.stream()
                .flatMap(root ->
                        names.stream().map(name -> root.resolve("installs").resolve(name)))
                .flatMap(folder -> children(folder).stream())
                .map(Toolchains::realPath)
                .distinct()
                .sorted(Comparator.comparing(ToolFinder::nameOf, ToolWish::compare)
                        .reversed())
                .toList();
    }

    Optional<Path> home() {
        return variable("HOME").filter(home -> home.startsWith("/")).map(Path::of);
    }

    static List<Path> children(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private Optional<String> version(ToolKind kind, Path program) {
        if (kind.question().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(ask(program, 2, kind.question()).get(1));
        } catch (StoaException e) {
            // A shim that has no version to lead to is as good as nothing.
            return Optional.empty();
        }
    }

    private List<Path> usual(ToolKind kind) {
        return kind.folders().stream()
                .flatMap(folder -> folder.startsWith("~/")
                        ? home().map(home -> home.resolve(folder.substring(2))).stream()
                        : Stream.of(Path.of(folder)))
                .toList();
    }

    private Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }

    private List<Path> folders(String variable, String otherwise) {
        return Stream.of(environment.getOrDefault(variable, otherwise).split(":", -1))
                .filter(folder -> folder.startsWith("/"))
                .map(Path::of)
                .toList();
    }

    private static Stream<Path> programs(List<Path> folders, String program) {
        return folders.stream()
                .map(folder -> folder.resolve(program))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file));
    }

    /** Its last part. */
    static String nameOf(Path path) {
        return Objects.toString(path.getFileName(), "");
    }

    /** What a program prints, line by line. */
    List<String> ask(Path program, int linesMin, List<String> arguments) {
        try {
            String key = program + " " + Files.getLastModifiedTime(program) + " " + arguments;
            List<String> known = answers.get(key);
            if (known != null) {
                return known;
            }
            List<String> command = new ArrayList<>(List.of(program.toString()));
            command.addAll(arguments);
            List<String> answer = run(command, linesMin);
            answers.put(key, answer);
            return answer;
        } catch (IOException e) {
            throw doesNotWork(program, e.toString());
        }
    }

    private List<String> run(List<String> command, int linesMin) throws IOException {
        Path out = Files.createTempFile("stoa-toolchain", ".out");
        Path err = Files.createTempFile("stoa-toolchain", ".err");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(Path.of("/").toFile())
                    .redirectError(err.toFile())
                    .redirectOutput(out.toFile());
            builder.environment().clear();
            builder.environment().putAll(environment);
            Process process = builder.start();
            try {
                process.getOutputStream().close();
                boolean ended = process.waitFor(PROBE_SECONDS_MAX, TimeUnit.SECONDS);
                List<String> lines =
                        Files.readString(out, StandardCharsets.UTF_8).lines().toList();
                if (!ended || process.exitValue() != 0 || lines.size() < linesMin) {
                    throw doesNotWork(
                            Path.of(command.getFirst()),
                            Files.readString(err, StandardCharsets.UTF_8).strip());
                }
                return lines;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoaException(ErrorCode.CANCELLED, "the build was cancelled", "");
            } finally {
                process.destroyForcibly();
            }
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static StoaException doesNotWork(Path program, String why) {
        return new StoaException(
                ErrorCode.TOOL_MISSING,
                "%s is there but does not say where it is installed: %s".formatted(program, why),
                "run it by hand where the platform runs, as the same user, and repair it");
    }
}
