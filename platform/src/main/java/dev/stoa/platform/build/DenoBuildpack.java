package dev.stoa.platform.build;

import dev.stoa.platform.base.Shell;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Deno: its modules are fetched into the slug, and a task or a file is run. */
final class DenoBuildpack implements Buildpack {
    private static final List<String> CONFIGS = List.of("deno.json", "deno.jsonc");
    private static final String LOCK = "deno.lock";
    private static final String MODULES = BuildContext.OWN_FOLDER + "/deno";
    private static final List<String> ENTRIES = Stream.of("main", "server", "app", "index", "mod")
            .flatMap(name -> Stream.of("ts", "tsx", "js", "jsx").map(end -> name + "." + end))
            .toList();

    /** Where {@code Deno.serve} listens when the app does not say. */
    private static final String LISTENS = "env DENO_SERVE_ADDRESS=tcp:0.0.0.0:$PORT ";

    private static final JsonMapper JSON_WITH_COMMENTS = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS, JsonReadFeature.ALLOW_TRAILING_COMMA)
            .build();

    private final StaticSite site;

    DenoBuildpack(StaticSite site) {
        this.site = site;
    }

    @Override
    public String name() {
        return "deno";
    }

    @Override
    public String looksFor() {
        return "deno.json or deno.lock";
    }

    /** Packages for npm carry a deno.json, too; a lock file of npm's kind then says whose app it is. */
    @Override
    public boolean detects(SourceFolder source) {
        boolean config = CONFIGS.stream().anyMatch(source::has);
        boolean nodeLock = Stream.of("package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb")
                .anyMatch(source::has);
        boolean node = source.has(PackageJson.FILE);
        return source.has(LOCK)
                || (config && !(node && nodeLock))
                || (!node && (source.has("main.ts") || source.has("server.ts")));
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        SourceFolder source = context.source();
        Optional<ToolWish> wish = ToolWish.firstLine(source, ".dvmrc")
                .or(() -> ToolWish.firstLine(source, ".deno-version"))
                .or(() -> ToolWish.declared(source, ToolKind.DENO.names()));
        Toolchains.Tool deno = context.tools().of(ToolKind.DENO, wish);
        context.step("Using Deno " + deno.version());
        JsonNode tasks = config(source).path("tasks");
        Map<String, String> env = Map.of(
                "PATH",
                deno.folder() + ":" + BuildEnvironment.SYSTEM_PATH,
                "DENO_DIR",
                context.mount() + "/" + MODULES,
                "DENO_NO_UPDATE_CHECK",
                "1",
                "NO_COLOR",
                "1");
        install(context, deno, env);
        if (task(tasks, "build").isPresent()) {
            context.step("Running the build task");
            context.run("deno task build", "deno task build", env, deno.readable());
        }
        Optional<String> web = webCommand(source, tasks);
        Optional<String> generated = StaticSite.generated(source);
        if (web.isEmpty() && generated.isPresent()) {
            return site.serve(context, generated.get(), true);
        }
        return new Built(web.map(command -> Map.of("web", command)).orElse(Map.of()), env, deno.readable());
    }

    private static void install(BuildContext context, Toolchains.Tool deno, Map<String, String> env)
            throws InterruptedException {
        SourceFolder source = context.source();
        List<String> ingredients =
                new ArrayList<>(List.of(deno.version(), source.text(LOCK).orElse("")));
        CONFIGS.forEach(file -> ingredients.add(source.text(file).orElse("")));
        ingredients.add(source.text(PackageJson.FILE).orElse(""));
        DependencyCache cache = new DependencyCache(context.cache("deno"), DependencyCache.key(ingredients), MODULES);
        // What stands there goes by its own checksums, so the code may need more of it than the key says.
        boolean kept = cache.isPresent() && cache.restore(context, "");
        context.step(kept ? "Dependencies unchanged, taken from the last build" : "Fetching modules");
        String frozen = source.has(LOCK) ? " --frozen" : "";
        Optional<String> entry = entry(source);
        boolean configured = CONFIGS.stream().anyMatch(source::has) || source.has(PackageJson.FILE);
        if (configured) {
            context.run("deno install", "deno install" + frozen, env, deno.readable());
        }
        if (entry.isPresent()) {
            String file = Shell.quoteIfNeeded(entry.get());
            context.run("deno cache " + file, "deno cache" + frozen + " " + file, env, deno.readable());
        }
        if (!kept) {
            cache.save(context);
        }
    }

    private static JsonNode config(SourceFolder source) {
        String file = CONFIGS.stream().filter(source::has).findFirst().orElse("deno.json");
        return new JsonFile(file, JsonFile.HINT).parse(source.text(file).orElse("{}"), JSON_WITH_COMMENTS);
    }

    private static Optional<String> task(JsonNode tasks, String name) {
        JsonNode task = tasks.path(name);
        JsonNode command = task.isObject() ? task.path("command") : task;
        return command.isString() ? Optional.of(command.stringValue()) : Optional.empty();
    }

    private static Optional<String> entry(SourceFolder source) {
        return ENTRIES.stream().filter(source::has).findFirst();
    }

    static Optional<String> webCommand(SourceFolder source, JsonNode tasks) {
        Optional<String> task = Stream.of("start", "preview", "serve", "prod")
                // One that watches files is for the developer's machine.
                .filter(name -> task(tasks, name)
                        .filter(command -> !command.contains("--watch"))
                        .isPresent())
                .findFirst();
        if (task.isPresent()) {
            return task.map(name -> LISTENS + "deno task " + name);
        }
        return entry(source).map(file -> {
            String text = source.text(file).orElse("");
            String quoted = Shell.quoteIfNeeded(file);
            return text.matches("(?s).*export\\s+default\\s*\\{.*\\bfetch\\b.*") && !text.contains("Deno.serve")
                    ? "deno serve -A --host 0.0.0.0 --port $PORT " + quoted
                    : LISTENS + "deno run -A " + quoted;
        });
    }
}
