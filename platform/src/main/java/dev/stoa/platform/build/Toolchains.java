package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The language toolchains of this machine, found by the platform's PATH.
 *
 * <p>What stands on the PATH may be a shim of a version manager, which works only for the user who installed it. So each
 * program is asked once where it really lives, outside the sandbox and away from the app's files.
 */
final class Toolchains {
    private static final int PROBE_SECONDS_MAX = 20;
    private static final int PYTHON_MINOR_MIN = 8;
    private static final int PYTHON_MINOR_MAX = 30;

    private final Map<String, String> environment;
    private final Path javaHome;

    /** By the program's path and its time: a program that is replaced is asked again. */
    private final Map<String, List<String>> answers = new ConcurrentHashMap<>();

    Toolchains(Map<String, String> environment, Path javaHome) {
        this.environment = Map.copyOf(environment);
        this.javaHome = javaHome;
    }

    /**
     * A program and what belongs to it.
     *
     * @param program  its real path
     * @param readable what it needs outside the system's directories
     */
    record Tool(Path program, String version, List<Path> readable) {
        Path folder() {
            return parentOf(program);
        }
    }

    Map<String, String> networkEnvironment() {
        return BuildEnvironment.network(environment);
    }

    /** Folders of this machine in which pip looks for packages. */
    List<Path> pipFolders() {
        return Stream.of(environment.getOrDefault("PIP_FIND_LINKS", "").split("\\s+", -1))
                .filter(link -> link.startsWith("/"))
                .map(Path::of)
                .filter(Files::isDirectory)
                .toList();
    }

    /** JDKs to choose from, the platform's own first. */
    List<Path> javaHomes() {
        List<Path> homes = new ArrayList<>(List.of(realPath(javaHome)));
        Optional.ofNullable(environment.get("JAVA_HOME")).map(Path::of).ifPresent(homes::add);
        onPath("java").map(java -> parentOf(parentOf(realPath(java)))).ifPresent(homes::add);
        return homes.stream().distinct().toList();
    }

    Tool python() {
        return python(onPath("python3")
                .orElseThrow(
                        () -> missing("python3", "a Python app", "python3 python3-venv", "python3", "python@3.13")));
    }

    private Tool python(Path found) {
        List<String> answer = ask(found, "-I", "-c", """
                import sys
                try:
                    import ensurepip, venv
                    complete = "complete"
                except ImportError:
                    complete = ""
                print(sys.base_prefix)
                print("%d.%d.%d" % sys.version_info[:3])
                print("python%d.%d" % sys.version_info[:2])
                print(complete)
                """);
        if (answer.size() < 4 || answer.get(3).isEmpty()) {
            throw missing("the venv module of " + found, "a Python app", "python3-venv", "python3-pip", "python@3.13");
        }
        Path prefix = Path.of(answer.get(0));
        Path program = prefix.resolve("bin").resolve(answer.get(2));
        return new Tool(program, answer.get(1), outsideTheSystem(Stream.of(prefix, realPath(prefix))));
    }

    Tool node() {
        return node(
                onPath("node").orElseThrow(() -> missing("node", "a Node.js app", "nodejs npm", "nodejs npm", "node")));
    }

    private Tool node(Path found) {
        List<String> answer = ask(found, "-p", "process.execPath + '\\n' + process.version");
        Path program = Path.of(answer.get(0));
        return new Tool(program, answer.get(1), outsideTheSystem(Stream.of(parentOf(parentOf(program)))));
    }

    /** The npm that came with this Node.js, else the one on the PATH. */
    Tool npm(Tool node) {
        Path sibling = node.folder().resolve("npm");
        Path npm = Files.isExecutable(sibling)
                ? sibling
                : onPath("npm").orElseThrow(() -> missing("npm", "a Node.js app", "npm", "npm", "node"));
        // The program is npm/bin/npm-cli.js, with its code beside bin.
        Path code = parentOf(parentOf(realPath(npm)));
        return new Tool(npm, "", outsideTheSystem(Stream.of(parentOf(npm), code)));
    }

    Tool maven() {
        Path found =
                onPath("mvn").orElseThrow(() -> missing("mvn", "a Maven app without mvnw", "maven", "maven", "maven"));
        Path real = realPath(found);
        return new Tool(real, "", outsideTheSystem(Stream.of(parentOf(parentOf(real)))));
    }

    /** Every Python 3 of this machine that can make virtual environments, that of the PATH first. */
    List<Tool> pythons() {
        Stream<Path> onPath = Stream.concat(
                onPath("python3").stream(),
                IntStream.rangeClosed(PYTHON_MINOR_MIN, PYTHON_MINOR_MAX)
                        .mapToObj(minor -> onPath("python3." + minor))
                        .flatMap(Optional::stream));
        Stream<Path> kept = versionsIn(
                "python3",
                ".pyenv/versions",
                ".local/share/mise/installs/python",
                ".asdf/installs/python",
                ".local/share/uv/python");
        return tools(Stream.concat(onPath, kept), this::python);
    }

    /** Every Node.js of this machine, that of the PATH first. */
    List<Tool> nodes() {
        Stream<Path> kept = Stream.concat(
                versionsIn(
                        "node",
                        ".nvm/versions/node",
                        ".local/share/mise/installs/node",
                        ".asdf/installs/nodejs",
                        ".nodenv/versions",
                        ".volta/tools/image/node"),
                versionsIn("installation/bin/node", ".local/share/fnm/node-versions"));
        return tools(Stream.concat(onPath("node").stream(), kept), this::node);
    }

    /** A program that works wherever its file stands, such as uv. */
    Optional<Tool> standalone(String program) {
        return onPath(program).map(Toolchains::realPath).map(file -> new Tool(file, "", outsideTheSystem(Stream.of(file))));
    }

    /** In the folders that version managers keep below the home directory, one for each version. */
    private Stream<Path> versionsIn(String program, String... folders) {
        Optional<Path> home = Optional.ofNullable(environment.get("HOME"))
                .filter(text -> text.startsWith("/"))
                .map(Path::of);
        return home.stream().flatMap(h -> Stream.of(folders).map(h::resolve)).flatMap(folder -> {
            try (Stream<Path> versions = Files.list(folder)) {
                return versions.sorted().toList().stream()
                        .map(version -> version.resolve(program.contains("/") ? program : "bin/" + program))
                        .filter(Files::isExecutable);
            } catch (IOException e) {
                return Stream.empty();
            }
        });
    }

    /** Those that work: a shim of a version that is not switched on does not. */
    private static List<Tool> tools(Stream<Path> programs, Function<Path, Tool> asked) {
        Map<Path, Tool> tools = new LinkedHashMap<>();
        programs.forEach(program -> {
            try {
                Tool tool = asked.apply(program);
                tools.putIfAbsent(realPath(tool.program()), tool);
            } catch (StoaException e) {
                if (e.code() == ErrorCode.CANCELLED) {
                    throw e;
                }
            }
        });
        return List.copyOf(tools.values());
    }

    static StoaException missing(String tool, String why, String debian, String fedora, String homebrew) {
        return new StoaException(
                ErrorCode.TOOL_MISSING,
                "this machine has no %s, which %s needs to be built".formatted(tool, why),
                "install it where the platform runs: on Debian and Ubuntu \"apt install %s\", on Fedora \"dnf install %s\", on macOS \"brew install %s\""
                        .formatted(debian, fedora, homebrew));
    }

    /** Whether every sandbox has it anyhow. */
    static boolean isSystem(Path path) {
        return path.startsWith("/usr") || path.startsWith("/bin") || path.startsWith("/lib");
    }

    static Path realPath(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    private static List<Path> outsideTheSystem(Stream<Path> paths) {
        return paths.filter(p -> !isSystem(p)).distinct().toList();
    }

    private static Path parentOf(Path path) {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }

    private Optional<Path> onPath(String program) {
        return Stream.of(environment
                        .getOrDefault("PATH", BuildEnvironment.SYSTEM_PATH)
                        .split(":", -1))
                .filter(folder -> folder.startsWith("/"))
                .map(folder -> Path.of(folder, program))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst();
    }

    private List<String> ask(Path program, String... arguments) {
        try {
            String key = program + " " + Files.getLastModifiedTime(program);
            List<String> known = answers.get(key);
            if (known != null) {
                return known;
            }
            List<String> command = new ArrayList<>(List.of(program.toString()));
            command.addAll(List.of(arguments));
            List<String> answer = run(command);
            answers.put(key, answer);
            return answer;
        } catch (IOException e) {
            throw doesNotWork(program, e.toString());
        }
    }

    private List<String> run(List<String> command) throws IOException {
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
                if (!ended || process.exitValue() != 0 || lines.size() < 2) {
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
