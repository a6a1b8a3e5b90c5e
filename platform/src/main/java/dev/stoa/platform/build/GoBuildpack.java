package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Go modules and workspaces: the programs go to bin/, and the source stays, as templates are read from it. */
final class GoBuildpack implements Buildpack {
    private static final String MODULE = "go.mod";
    private static final String WORKSPACE = "go.work";

    /** As tutorials have it, which say {@code go run main.go}. */
    private static final String LONE_PROGRAM = "main.go";

    private static final Pattern MODULE_PATH = Pattern.compile("(?m)^module\\s+\"?([^\\s\"]+)");
    private static final Pattern GO_VERSION = Pattern.compile("(?m)^(?:toolchain\\s+go|go\\s+)(\\d[\\w.]*)");
    private static final Pattern REQUIRES = Pattern.compile("(?m)^require\\b");

    /** As Heroku reads it: packages to build, in a comment of go.mod. */
    private static final Pattern INSTALL = Pattern.compile("(?m)^//\\s*\\+heroku\\s+install\\s+(\\S.*)$");

    private static final Pattern USE_BLOCK = Pattern.compile("(?m)^use\\s*\\(([^)]*)\\)");
    private static final Pattern USE_LINE = Pattern.compile("(?m)^use\\s+([^\\s(]\\S*)");

    /** Programs in such folders are for those who work on the app. */
    private static final Pattern NOT_THE_APP =
            Pattern.compile("(^|/)(examples?|_?examples|testdata|tests?|e2e|tools?|hack|scripts?|docs)(/|$)");

    @Override
    public String name() {
        return "go";
    }

    @Override
    public String looksFor() {
        return MODULE;
    }

    @Override
    public boolean detects(SourceFolder source) {
        return source.has(MODULE) || source.has(WORKSPACE) || isLoneProgram(source);
    }

    /** Of an app of another kind it may be a tool. */
    private static boolean isLoneProgram(SourceFolder source) {
        return source.has(LONE_PROGRAM) && !source.has(PackageJson.FILE);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        SourceFolder source = context.source();
        Optional<ToolWish> wish = wish(source);
        Toolchains.Tool go = context.tools().of(ToolKind.GO, wish);
        context.step("Using Go " + go.version());
        wish.filter(w -> ToolWish.compare(w.version(), go.version()) > 0)
                .ifPresent(w -> context.detail("%s asks for %s: go gets that one".formatted(w.file(), w.version())));
        Map<String, String> env = environment(context, go);
        if (!source.has(MODULE) && !source.has(WORKSPACE)) {
            context.detail(
                    "there is no go.mod: the newest of what main.go imports is taken; run \"go mod init\" and \"go mod tidy\" to choose versions");
            context.run("go mod tidy", "go mod init app && go mod tidy", env, go.readable());
        }
        List<Program> programs = programs(context, go, env);
        context.step("Building " + programs.stream().map(Program::name).collect(Collectors.joining(", ")));
        String packages =
                programs.stream().map(program -> Shell.quote(program.path())).collect(Collectors.joining(" "));
        // With a folder to write to, go names each program as "go install" would.
        context.run(
                "go build",
                "mkdir -p bin && go build -trimpath -ldflags='-s -w' -o bin/ " + packages,
                env,
                go.readable());
        DependencyCache.boundDownloads(context, context.cache("go"));
        List<String> names = programs.stream().map(Program::name).toList();
        Map<String, String> guesses = MainProgram.guesses(names, preferred(source, programs), "");
        MainProgram.mustBeClear(context, names, guesses);
        return new Built(
                guesses,
                Map.of("PATH", context.mount() + "/bin:" + go.folder() + ":" + BuildEnvironment.SYSTEM_PATH),
                go.readable());
    }

    private static Optional<ToolWish> wish(SourceFolder source) {
        // The toolchain line comes after the go line, and says more.
        return Stream.of(WORKSPACE, MODULE)
                .flatMap(file -> source.text(file).stream()
                        .flatMap(text -> GO_VERSION.matcher(text).results())
                        .map(match -> new ToolWish(match.group(1), file)))
                .max((a, b) -> ToolWish.compare(a.version(), b.version()))
                .or(() -> ToolWish.declared(source, ToolKind.GO.names()));
    }

    private static Map<String, String> environment(BuildContext context, Toolchains.Tool go) {
        SourceFolder source = context.source();
        Path cache = context.cache("go");
        String flags = "-buildvcs=false -modcacherw";
        if (source.has(MODULE)
                && !source.has("go.sum")
                && !source.has(WORKSPACE)
                && !source.has("vendor/modules.txt")
                && REQUIRES.matcher(source.text(MODULE).orElse("")).find()) {
            context.detail(
                    "without a go.sum each build trusts what it downloads: run \"go mod tidy\" and commit go.sum");
            flags += " -mod=mod";
        }
        Map<String, String> env = new HashMap<>();
        env.put("PATH", go.folder() + ":" + BuildEnvironment.SYSTEM_PATH);
        env.put("GOPATH", cache.resolve("path").toString());
        env.put("GOMODCACHE", cache.resolve("modules").toString());
        env.put("GOCACHE", cache.resolve("compiled").toString());
        env.put("GOTOOLCHAIN", "auto");
        env.put("GOTELEMETRY", "off");
        env.put("GOENV", "off");
        env.put("GOFLAGS", flags);
        return env;
    }

    /** A package with a main function, and what go calls its program. */
    private record Program(String path, String folder) {
        private static final Pattern MAJOR = Pattern.compile("v[1-9]\\d*");

        String name() {
            List<String> parts = List.of(path.split("/", -1));
            String last = parts.getLast();
            return parts.size() > 1 && MAJOR.matcher(last).matches() ? parts.get(parts.size() - 2) : last;
        }
    }

    private static List<Program> programs(BuildContext context, Toolchains.Tool go, Map<String, String> env)
            throws InterruptedException {
        SourceFolder source = context.source();
        Optional<String> said = source.text(MODULE)
                .map(INSTALL::matcher)
                .filter(Matcher::find)
                .map(matcher -> matcher.group(1).strip());
        List<String> patterns = said.map(packages -> List.of(packages.split("\\s+", -1)))
                .orElseGet(() ->
                        modules(source).stream().map(folder -> folder + "/...").toList());
        String list = "go list -e -f '{{if eq .Name \"main\"}}stoa-main {{.ImportPath}} {{.Dir}}{{end}}' "
                + patterns.stream().map(Shell::quote).collect(Collectors.joining(" "));
        Optional<List<String>> answer = context.ask(list, env, go.readable());
        if (answer.isEmpty()) {
            // Once more, so that the user sees what go has to say.
            context.run("go list", list, env, go.readable());
        }
        String mount = context.mount();
        List<Program> all = answer.orElse(List.of()).stream()
                .filter(line -> line.startsWith("stoa-main "))
                .map(line -> line.split(" ", 3))
                .map(words -> new Program(
                        words[1], words[2].startsWith(mount) ? words[2].substring(mount.length()) : words[2]))
                .sorted(Comparator.comparing(Program::path))
                .toList();
        List<Program> chosen = said.isPresent() ? all : ofTheApp(all);
        if (chosen.isEmpty()) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "nothing in the Go module is a program: no package main was found in " + String.join(" ", patterns),
                    "deploy the folder with the program, or write a func main in a package main");
        }
        return chosen;
    }

    /** The one at the root and those in cmd/, else whatever is not plainly something else. */
    private static List<Program> ofTheApp(List<Program> all) {
        List<Program> usual = all.stream()
                .filter(p -> p.folder().isEmpty()
                        || p.folder().startsWith("/cmd/")
                        || p.folder().equals("/cmd"))
                .toList();
        List<Program> plain = all.stream()
                .filter(p -> !NOT_THE_APP.matcher(p.folder()).find())
                .toList();
        return !usual.isEmpty() ? usual : !plain.isEmpty() ? plain : all;
    }

    private static List<String> modules(SourceFolder source) {
        String workspace = source.text(WORKSPACE).orElse("").replaceAll("//.*", "");
        List<String> folders = Stream.concat(
                        USE_BLOCK
                                .matcher(workspace)
                                .results()
                                .flatMap(match -> match.group(1).lines()),
                        USE_LINE.matcher(workspace).results().map(match -> match.group(1)))
                .map(String::strip)
                .filter(folder -> !folder.isEmpty())
                .map(folder -> folder.startsWith(".") ? folder : "./" + folder)
                .toList();
        return folders.isEmpty() ? List.of(".") : folders;
    }

    /** The program at the root, then the one that is called like the module. */
    private static List<String> preferred(SourceFolder source, List<Program> programs) {
        Stream<String> root =
                programs.stream().filter(p -> p.folder().isEmpty()).map(Program::name);
        Stream<String> module = source.text(MODULE).stream()
                .flatMap(text -> MODULE_PATH.matcher(text).results())
                .map(match -> new Program(match.group(1), "").name());
        return Stream.of(List.of("web").stream(), root, module).flatMap(s -> s).toList();
    }
}
