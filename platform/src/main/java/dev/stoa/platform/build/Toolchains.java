package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    private static final int PYTHON_MINOR_MIN = 8;
    private static final int PYTHON_MINOR_MAX = 30;

    private final Map<String, String> environment;
    private final Path javaHome;

    private final ToolFinder finder;

    Toolchains(Map<String, String> environment, Path javaHome) {
        this.environment = Map.copyOf(environment);
        this.javaHome = javaHome;
        this.finder = new ToolFinder(environment);
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

    /** A tool that says by itself where it is, see {@link ToolKind#question}. */
    Tool of(ToolKind kind, Optional<ToolWish> wish) {
        return find(kind, wish).orElseThrow(() -> kind.missing(wish));
    }

    Optional<Tool> find(ToolKind kind, Optional<ToolWish> wish) {
        return finder.find(kind, wish).map(found -> switch (kind) {
            case GO -> {
                List<String> answer = finder.ask(found, 2, kind.question());
                Path root = Path.of(answer.get(0));
                yield new Tool(root.resolve("bin/go"), answer.get(1).replace("go", ""), rooms(root));
            }
            case CARGO -> rust(found, wish);
            case DENO, BUN -> {
                List<String> answer = finder.ask(found, 2, kind.question());
                yield alone(Path.of(answer.get(0)), answer.get(1));
            }
            case RUBY -> {
                List<String> answer = finder.ask(found, 5, kind.question());
                yield new Tool(Path.of(answer.get(0)), answer.get(1), rooms(Path.of(answer.get(2))));
            }
            case PHP -> {
                List<String> answer = finder.ask(found, 3, kind.question());
                yield new Tool(Path.of(answer.get(0)), answer.get(1), rooms(parentOf(Path.of(answer.get(2)))));
            }
            case NODE -> {
                List<String> answer = finder.ask(found, 2, kind.question());
                Path program = Path.of(answer.get(0));
                yield new Tool(program, answer.get(1), rooms(parentOf(parentOf(program))));
            }
            case COMPOSER, FRANKENPHP -> alone(realPath(found), "");
            case BUNDLE, GRADLE, MAVEN -> {
                Path real = realPath(found);
                yield new Tool(real, "", rooms(parentOf(parentOf(real))));
            }
        });
    }

    /** The answers of a tool that says more of itself than {@link Tool} holds. */
    List<String> answers(ToolKind kind, Tool tool) {
        return finder.ask(tool.program(), 2, kind.question());
    }

    /** Cargo and rustc may be rustup's proxies, which need rustup's whole house; the toolchain behind them needs only itself. */
    private Tool rust(Path cargo, Optional<ToolWish> wish) {
        Path rustup = cargo.resolveSibling("rustup");
        Path rustc = cargo.resolveSibling("rustc");
        if (Files.isExecutable(rustup)) {
            rustc = wish.flatMap(w -> toolchain(rustup, w.version()))
                    .orElseGet(() -> Path.of(
                            finder.ask(rustup, 1, List.of("which", "rustc")).getFirst()));
        }
        String version = finder.ask(rustc, 1, List.of("--version")).getFirst();
        Path root = Path.of(finder.ask(rustc, 1, List.of("--print", "sysroot")).getFirst());
        return new Tool(
                root.resolve("bin/cargo"), version.replaceFirst("rustc ", "").replaceFirst(" .*", ""), rooms(root));
    }

    private Optional<Path> toolchain(Path rustup, String name) {
        try {
            return Optional.of(Path.of(finder.ask(rustup, 1, List.of("which", "--toolchain", name, "rustc"))
                    .getFirst()));
        } catch (StoaException e) {
            return Optional.empty();
        }
    }

    /** A program that is one file. */
    private static Tool alone(Path program, String version) {
        return new Tool(program, version, outsideTheSystem(Stream.of(program)));
    }

    /** The folder that a tool is installed in; never all of somebody's home. */
    private List<Path> rooms(Path prefix) {
        Path real = realPath(prefix);
        boolean tooMuch = prefix.getNameCount() < 2
                || finder.home().filter(home -> realPath(home).startsWith(real)).isPresent();
        return tooMuch
                ? outsideTheSystem(
                        Stream.of(prefix.resolve("bin"), prefix.resolve("lib")).filter(Files::isDirectory))
                : outsideTheSystem(Stream.of(prefix, real));
    }

    /** JDKs to choose from, the platform's own first. */
    List<Path> javaHomes() {
        List<Path> homes = new ArrayList<>(List.of(realPath(javaHome)));
        Optional.ofNullable(environment.get("JAVA_HOME")).map(Path::of).ifPresent(homes::add);
        onPath("java").map(java -> parentOf(parentOf(realPath(java)))).ifPresent(homes::add);
        homes.addAll(ToolFinder.children(Path.of("/usr/lib/jvm")));
        finder.home().ifPresent(home -> {
            homes.addAll(ToolFinder.children(home.resolve(".sdkman/candidates/java")));
            homes.addAll(ToolFinder.children(home.resolve(".jdks")));
        });
        homes.addAll(finder.installs(List.of("java")));
        return homes.stream().map(Toolchains::realPath).distinct().toList();
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
        return of(ToolKind.MAVEN, Optional.empty());
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
        return onPath(program).map(file -> alone(realPath(file), ""));
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
        return finder.onPath(program);
    }

    private List<String> ask(Path program, String... arguments) {
        return finder.ask(program, 2, List.of(arguments));
    }
}
