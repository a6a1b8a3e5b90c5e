package dev.stoa.platform.build;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Node.js with npm. */
final class NodeBuildpack implements Buildpack {
    private static final String LOCK_FILE = "package-lock.json";
    private static final String MODULES = "node_modules";

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
    public boolean detects(SourceFolder source) {
        return source.has(PackageJson.FILE);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        PackageJson app = PackageJson.read(context.source());
        Toolchains.Tool node = context.tools().node();
        Toolchains.Tool npm = context.tools().npm(node);
        List<Path> readable = Stream.concat(node.readable().stream(), npm.readable().stream())
                .distinct()
                .toList();
        String path = Stream.of(
                        context.mount() + "/" + MODULES + "/.bin",
                        node.folder().toString(),
                        npm.folder().toString(),
                        BuildEnvironment.SYSTEM_PATH)
                .distinct()
                .collect(Collectors.joining(":"));
        context.step("Using Node.js " + node.version());
        Npm commands = new Npm(context, path, readable);
        boolean builds = app.script("build").isPresent();
        install(context, app, node, commands, builds);
        if (builds) {
            context.step("Running the build script");
            commands.run("npm run build", Map.of("NODE_ENV", "production"));
            if (app.hasDevDependencies()) {
                commands.run("npm prune --omit=dev", Map.of());
            }
        }
        Optional<String> web = webCommand(context.source(), app);
        Optional<String> generated = StaticSite.generated(context.source());
        if (web.isEmpty() && generated.isPresent()) {
            return site.serve(context, generated.get());
        }
        return new Built(
                web.map(command -> Map.of("web", command)).orElse(Map.of()),
                Map.of("PATH", path, "NODE_ENV", "production"),
                readable);
    }

    private static void install(
            BuildContext context, PackageJson app, Toolchains.Tool node, Npm commands, boolean withDev)
            throws InterruptedException {
        Optional<String> lock = context.source().text(LOCK_FILE);
        String which = withDev ? "--include=dev" : "--omit=dev";
        if (lock.isEmpty()) {
            context.step("Installing dependencies with npm");
            context.detail(
                    otherLock(context.source())
                            .map(file -> file + " is not read: npm installs what package.json allows")
                            .orElse(
                                    "without a package-lock.json each build may get other versions: commit the one npm writes"));
            commands.run("npm install " + which, Map.of());
            return;
        }
        List<String> ingredients = new ArrayList<>(app.dependencies());
        ingredients.addAll(List.of(lock.get(), node.version(), which));
        ingredients.add(context.source().text(".npmrc").orElse(""));
        DependencyCache cache = new DependencyCache(context.cache("node"), DependencyCache.key(ingredients), MODULES);
        boolean keeps = app.installsOnlyModules() && !lock.get().contains("\"link\": true");
        if (keeps && cache.isPresent() && cache.restore(context, "")) {
            context.step("Dependencies unchanged, taken from the last build");
            return;
        }
        context.step("Installing dependencies with npm");
        commands.run("npm ci " + which, Map.of());
        if (keeps) {
            cache.save(context);
        }
    }

    private static Optional<String> otherLock(SourceFolder source) {
        return Stream.of("yarn.lock", "pnpm-lock.yaml", "bun.lock")
                .filter(source::has)
                .findFirst();
    }

    /** Runs npm with its downloads in the app's cache. */
    private record Npm(BuildContext context, String path, List<Path> readable) {
        void run(String command, Map<String, String> more) throws InterruptedException {
            Path downloads = context.cache("npm");
            Map<String, String> env = new HashMap<>(Map.of(
                    "PATH", path,
                    "npm_config_cache", downloads.toString(),
                    "npm_config_audit", "false",
                    "npm_config_fund", "false",
                    "npm_config_progress", "false",
                    "npm_config_update_notifier", "false"));
            env.putAll(more);
            context.run(command, command, env, readable);
            DependencyCache.boundDownloads(context, downloads);
        }
    }

    /** What {@code npm start} would run, without an npm around it that keeps SIGTERM to itself. */
    static Optional<String> webCommand(SourceFolder source, PackageJson app) {
        Optional<String> start = app.script("start");
        if (start.isPresent()) {
            return app.script("prestart").isPresent() ? Optional.of("npm start") : start;
        }
        return Stream.of(Optional.of("server.js"), app.main(), Optional.of("index.js"), Optional.of("app.js"))
                .flatMap(Optional::stream)
                .filter(source::has)
                .findFirst()
                .map(file -> "node " + DependencyCache.quoteIfNeeded(file));
    }
}
