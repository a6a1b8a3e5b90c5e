package dev.stoa.platform.build;

import dev.stoa.platform.base.Shell;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Bun, for a package.json with Bun's lock file. */
final class BunBuildpack implements Buildpack {
    private static final List<String> LOCKS = List.of("bun.lock", "bun.lockb");
    private static final List<String> ENTRIES = Stream.of("index", "server", "app", "main", "src/index", "src/server")
            .flatMap(name -> Stream.of("ts", "tsx", "js", "mjs").map(end -> name + "." + end))
            .toList();

    private final StaticSite site;

    BunBuildpack(StaticSite site) {
        this.site = site;
    }

    @Override
    public String name() {
        return "bun";
    }

    @Override
    public String looksFor() {
        return "bun.lock";
    }

    @Override
    public boolean detects(SourceFolder source) {
        boolean bun = Stream.concat(LOCKS.stream(), Stream.of("bunfig.toml")).anyMatch(source::has)
                || source.text(PackageJson.FILE)
                        .filter(text -> text.matches("(?s).*\"packageManager\"\\s*:\\s*\"bun@.*"))
                        .isPresent();
        return bun
                && (source.has(PackageJson.FILE) || entry(source).isPresent())
                && Stream.of("package-lock.json", "yarn.lock", "pnpm-lock.yaml").noneMatch(source::has);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        SourceFolder source = context.source();
        PackageJson app = PackageJson.read(source);
        Optional<ToolWish> wish =
                ToolWish.firstLine(source, ".bun-version").or(() -> ToolWish.declared(source, ToolKind.BUN.names()));
        Toolchains.Tool bun = context.tools().of(ToolKind.BUN, wish);
        context.step("Using Bun " + bun.version());
        List<Path> readable = new ArrayList<>(bun.readable());
        // Programs of packages say in their first line that they want node.
        Optional<Toolchains.Tool> node = context.tools().find(ToolKind.NODE, Optional.empty());
        node.ifPresent(tool -> readable.addAll(tool.readable()));
        String path = "%s/.stoa/bin:%s/node_modules/.bin%s:%s"
                .formatted(
                        context.mount(),
                        context.mount(),
                        node.map(tool -> ":" + tool.folder()).orElse(""),
                        BuildEnvironment.SYSTEM_PATH);
        Map<String, String> env = new HashMap<>();
        env.put("PATH", path);
        env.put("BUN_INSTALL_CACHE_DIR", context.cache("bun").toString());
        env.put("DO_NOT_TRACK", "1");
        // Bun's own name may be another, as it is where npm has installed it.
        context.run(
                "preparing bun",
                "mkdir -p .stoa/bin && ln -sf %1$s .stoa/bin/bun && ln -sf %1$s .stoa/bin/bunx%2$s"
                        .formatted(
                                Shell.quote(bun.program().toString()),
                                node.isEmpty()
                                        ? " && ln -sf %s .stoa/bin/node"
                                                .formatted(Shell.quote(
                                                        bun.program().toString()))
                                        : ""),
                env,
                readable);
        install(context, app, env, readable);
        Optional<String> web = webCommand(source, app);
        Optional<NodeStart.Site> built = new NodeStart(source, app).site();
        if (web.isEmpty() && built.isPresent()) {
            return site.serve(context, built.get().folder(), built.get().singlePage());
        }
        return new Built(
                web.map(command -> Map.of("web", command)).orElse(Map.of()),
                Map.of("PATH", path, "NODE_ENV", "production"),
                readable);
    }

    private static void install(BuildContext context, PackageJson app, Map<String, String> env, List<Path> readable)
            throws InterruptedException {
        boolean locked = LOCKS.stream().anyMatch(context.source()::has);
        boolean builds = app.script("build").isPresent();
        if (!locked) {
            context.detail("without a bun.lock each build may get other versions: commit the one bun writes");
        }
        // The packages are copied, as a link would let an app change what the next build takes.
        String install = "bun install --no-progress --backend=copyfile" + (locked ? " --frozen-lockfile" : "");
        if (context.source().has(PackageJson.FILE)) {
            context.step("Installing dependencies with Bun");
            context.run("bun install", install + (builds ? "" : " --production"), env, readable);
        }
        if (builds) {
            context.step("Running the build script");
            Map<String, String> production = new HashMap<>(env);
            production.put("NODE_ENV", "production");
            context.run("bun run build", "bun run build", production, readable);
            if (app.hasDevDependencies()) {
                context.run(
                        "bun install --production",
                        "rm -rf node_modules && " + install + " --production",
                        env,
                        readable);
            }
        }
        DependencyCache.boundDownloads(context, context.cache("bun"));
    }

    private static Optional<String> entry(SourceFolder source) {
        return ENTRIES.stream().filter(source::has).findFirst();
    }

    static Optional<String> webCommand(SourceFolder source, PackageJson app) {
        Optional<String> start = app.script("start");
        if (start.isPresent()) {
            return app.script("prestart").isPresent() ? Optional.of("bun run start") : start;
        }
        return Stream.concat(
                        Stream.of("module", "main")
                                .map(key -> app.root().path(key))
                                .filter(node -> node.isString())
                                .map(node -> node.stringValue()),
                        ENTRIES.stream())
                .filter(source::has)
                .findFirst()
                .map(file -> "bun " + Shell.quoteIfNeeded(file));
    }
}
