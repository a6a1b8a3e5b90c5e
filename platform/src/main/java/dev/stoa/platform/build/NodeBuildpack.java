package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Procfile;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Node.js with npm, pnpm or Yarn. */
final class NodeBuildpack implements Buildpack {
    private static final String MODULES = "node_modules";
    private static final List<String> PROGRAMS = List.of("server.js", "index.js", "app.js", "server.mjs", "index.mjs");
    private static final List<String> OTHER_KINDS = List.of("index.html", "Dockerfile", Procfile.NAME);
    private static final String STANDALONE = ".next/standalone";

    /** Settings of the package managers, by which the same lock file may be installed in another way. */
    private static final List<String> SETTINGS =
            List.of(".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", ".pnpmfile.cjs");

    private final StaticSite site;

    NodeBuildpack(StaticSite site) {
        this.site = site;
    }

    @Override
    public String name() {
        return "node";
    }

    @Override
    public String looksFor() {
        return PackageJson.FILE;
    }

    @Override
    public String startExample() {
        return "node shop.js, or npm start -w shop for a workspace";
    }

    @Override
    public boolean detects(SourceFolder source) {
        return source.has(PackageJson.FILE) || isScript(source);
    }

    /** A program in one file that comes with no list of what it needs, and is no page's script. */
    private static boolean isScript(SourceFolder source) {
        return OTHER_KINDS.stream().noneMatch(source::has) && PROGRAMS.stream().anyMatch(source::has);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        PackageJson app = PackageJson.read(context.source());
        NodePackages packages = NodePackages.of(context, app);
        Optional<NodeVersion> wanted = NodeVersion.wanted(context, app);
        Toolchains.Tool node = NodeVersion.choose(context, wanted);
        context.step("Using Node.js " + node.version()
                + wanted.map(w -> ", as %s asks for %s".formatted(w.file(), w.text()))
                        .orElse(""));
        NodeTools tools = new NodeTools(context, node, context.tools().npm(node));
        Optional<Path> manager = packages.bring(tools);
        NodeCommands commands = new NodeCommands(tools, packages, manager);
        Optional<String> build = Stream.of("heroku-postbuild", "build")
                .filter(script -> app.script(script).isPresent())
                .findFirst();
        commands.script(app, "heroku-prebuild");
        NodeStart start = new NodeStart(context.source(), app);
        List<String> said = commandsOf(context, app);
        boolean compiles = build.isEmpty() && start.isNotCompiled(said);
        Optional<String> guessed =
                said.isEmpty() && build.isEmpty() && !compiles ? start.typeScript() : Optional.empty();
        Optional<String> needed = Stream.concat(said.stream(), guessed.stream())
                .flatMap(c -> app.devDependencyIn(c).stream())
                .findFirst();
        install(context, app, commands, build.isPresent() || compiles || needed.isPresent());
        if (build.isPresent()) {
            context.step("Running the %s script".formatted(build.get()));
            commands.script(app, build.get());
        } else if (compiles && start.isNotCompiled(said)) {
            // No script around the install has done it.
            context.step("Compiling by tsconfig.json, as there is no build script");
            commands.run("tsc", Map.of());
        }
        Optional<String> web = start.web();
        Optional<NodeStart.Site> files = web.isPresent() ? Optional.empty() : start.site();
        if (files.isPresent() && isOnlyASite(context)) {
            // Nothing of it runs any more.
            context.attempt("rm -rf " + MODULES);
        } else if (needed.isPresent()) {
            context.detail(
                    "%s starts the app and is a development dependency, so these stay: it belongs into \"dependencies\""
                            .formatted(needed.get()));
        } else if ((build.isPresent() || compiles) && app.hasDevDependencies()) {
            prune(context, app, commands);
        }
        commands.script(app, "heroku-cleanup");
        if (files.isPresent()) {
            return site.serve(context, files.get().folder(), files.get().singlePage());
        }
        finishStandalone(context);
        if (web.isEmpty()) {
            adapterIsThere(start);
        }
        return new Built(
                web.map(command -> Map.of("web", command)).orElse(Map.of()), commands.runtimeEnv(), tools.readable());
    }

    /** What runs when the app runs, as far as it is said. */
    private static List<String> commandsOf(BuildContext context, PackageJson app) {
        List<String> commands = context.source().commands();
        boolean byScript = commands.isEmpty() || commands.stream().anyMatch(c -> c.matches("(npm|yarn|pnpm)\\b.*"));
        return Stream.concat(commands.stream(), byScript ? app.script("start").stream() : Stream.empty())
                .toList();
    }

    private static boolean isOnlyASite(BuildContext context) {
        return !context.source().has(Procfile.NAME)
                && context.manifest().processes().isEmpty();
    }

    private static void adapterIsThere(NodeStart start) {
        start.missingAdapter().ifPresent(adapter -> {
            throw new StoaException(
                    ErrorCode.NOT_RECOGNISED,
                    "the app is built, but its framework wrote no server for it: svelte.config.js names no adapter that does",
                    "install %1$s, name it in svelte.config.js, and deploy again:  npm install --save-dev %1$s"
                            .formatted(adapter));
        });
    }

    /** Next.js leaves these two for whoever puts its small server somewhere. */
    private static void finishStandalone(BuildContext context) throws InterruptedException {
        if (context.source().has(STANDALONE + "/server.js")) {
            context.attempt(
                    "[ ! -d public ] || cp -R public %1$s/; [ ! -d .next/static ] || { mkdir -p %1$s/.next && cp -R .next/static %1$s/.next/; }"
                            .formatted(STANDALONE));
        }
    }

    private static void prune(BuildContext context, PackageJson app, NodeCommands commands)
            throws InterruptedException {
        Optional<String> prune = commands.packages().pruneCommand(app, context.source());
        if (prune.isEmpty()) {
            context.detail("the development dependencies stay: %s cannot remove them from a workspace"
                    .formatted(commands.packages().kind().program()));
            return;
        }
        commands.run(prune.get(), Map.of());
    }

    /** Whether commands follow that may change what was installed. */
    private static boolean goesOn(PackageJson app) {
        return Stream.of("heroku-postbuild", "build", "heroku-cleanup")
                .anyMatch(script -> app.script(script).isPresent());
    }

    private static void install(BuildContext context, PackageJson app, NodeCommands commands, boolean withDev)
            throws InterruptedException {
        NodePackages packages = commands.packages();
        if (!context.source().has(PackageJson.FILE)) {
            context.detail("there is no package.json: nothing is installed");
            return;
        }
        String manager = packages.kind().program();
        Optional<String> lock = packages.lock().flatMap(context.source()::text);
        boolean complete = packages.kind() != NodePackages.Kind.NPM
                || lock.isEmpty()
                || PackageLock.parse(packages.lock().orElseThrow(), lock.get()).isComplete(app);
        if (!complete) {
            context.detail(
                    "the lock file leaves out optional packages that its registry did not have: \"npm ci\" would refuse it");
        }
        String command = packages.installCommand(withDev, complete);
        if (lock.isEmpty()) {
            context.step("Installing dependencies with " + manager);
            context.detail("without a lock file each build may get other versions: commit the one that %s writes"
                    .formatted(manager));
            commands.run(command, Map.of());
            return;
        }
        List<String> ingredients = new ArrayList<>(app.dependencies());
        ingredients.addAll(List.of(lock.get(), commands.tools().node().version(), command, packages.version()));
        SETTINGS.forEach(file -> ingredients.add(context.source().text(file).orElse("")));
        DependencyCache cache = new DependencyCache(context.cache("node"), DependencyCache.key(ingredients), MODULES);
        boolean keeps = app.installsOnlyModules()
                && !lock.get().contains("\"link\": true")
                && !lock.get().contains("link:")
                && !lock.get().contains("file:")
                && !packages.isPlugAndPlay(context.source())
                && !context.source().text("pnpm-workspace.yaml").orElse("").contains("packages:");
        if (keeps && cache.isPresent() && cache.restore(context, "")) {
            context.step("Dependencies unchanged, taken from the last build");
            return;
        }
        context.step("Installing dependencies with " + manager);
        commands.run(command, Map.of());
        if (keeps && goesOn(app)) {
            cache.save(context);
        } else if (keeps) {
            cache.saveAfterwards(context);
        }
    }
}
