package dev.stoa.platform.build;

import dev.stoa.api.Procfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Ruby with Bundler: Rails, anything with a config.ru, or one file. */
final class RubyBuildpack implements Buildpack {
    private static final String BUNDLE = "vendor/bundle";
    private static final String RACKUP = "config.ru";

    /** Of those who would make a page from files that Rails knows how to prepare. */
    private static final List<String> ASSET_GEMS =
            List.of("sprockets", "sprockets-rails", "propshaft", "vite_rails", "shakapacker");

    private final StaticSite site;

    RubyBuildpack(StaticSite site) {
        this.site = site;
    }

    @Override
    public String name() {
        return "ruby";
    }

    @Override
    public String looksFor() {
        return Gemfile.FILE;
    }

    @Override
    public String startExample() {
        return "ruby shop.rb";
    }

    @Override
    public boolean detects(SourceFolder source) {
        return source.has(Gemfile.FILE);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        SourceFolder source = context.source();
        Gemfile gemfile = Gemfile.read(source);
        Ruby ruby = Ruby.find(context, gemfile);
        context.step("Using Ruby " + ruby.tool().version());
        Map<String, String> env = new HashMap<>(ruby.environment(context));
        if (gemfile.namesGems()) {
            install(context, gemfile, ruby, env);
        } else {
            context.detail("the Gemfile names no gems");
        }
        env.put("RACK_ENV", "production");
        env.put("MALLOC_ARENA_MAX", "2");
        if (gemfile.rails()) {
            env.putAll(Map.of(
                    "RAILS_ENV", "production",
                    "RAILS_LOG_TO_STDOUT", "enabled",
                    "RAILS_SERVE_STATIC_FILES", "enabled"));
            precompile(context, gemfile, env, ruby);
            context.secrets().ensure("SECRET_KEY_BASE", HexFormat.of()::formatHex);
        }
        if (gemfile.has("jekyll") && source.has("_config.yml") && !source.has(Procfile.NAME)) {
            context.step("Running jekyll build");
            Map<String, String> jekyll = new HashMap<>(env);
            jekyll.put("JEKYLL_ENV", "production");
            context.run("jekyll build", "bundle exec jekyll build", jekyll, ruby.readable());
            return site.serve(context, StaticSite.generated(source).orElse("_site"), false);
        }
        return new Built(
                webCommand(source, gemfile).map(web -> Map.of("web", web)).orElse(Map.of()), env, ruby.readable());
    }

    /**
     * The interpreter and its Bundler.
     *
     * @param bundle    the program
     * @param api       the version that names the folder of gems, such as 3.3.0
     * @param gemFolders where this Ruby looks for gems of its own
     */
    private record Ruby(Toolchains.Tool tool, Toolchains.Tool bundle, String api, String gemFolders) {
        static Ruby find(BuildContext context, Gemfile gemfile) {
            Toolchains tools = context.tools();
            Optional<ToolWish> wish = gemfile.ruby(context.source());
            Toolchains.Tool ruby = tools.of(ToolKind.RUBY, wish);
            wish.filter(w -> !satisfies(ruby.version(), w)).ifPresent(w -> {
                if (gemfile.insistsOnRuby()) {
                    throw ToolKind.RUBY.tooOld(ruby.version(), w);
                }
                context.detail(
                        "%s asks for Ruby %s, this machine has %s".formatted(w.file(), w.version(), ruby.version()));
            });
            Path sibling = ruby.folder().resolve("bundle");
            Toolchains.Tool bundle = Files.isExecutable(sibling)
                    ? new Toolchains.Tool(sibling, "", ruby.readable())
                    : tools.of(ToolKind.BUNDLE, Optional.empty());
            List<String> answers = tools.answers(ToolKind.RUBY, ruby);
            return new Ruby(ruby, bundle, answers.get(3), answers.get(4));
        }

        /** As Bundler reads a requirement: bare versions exactly, {@code ~>} up to the last part but one, {@code >=} upwards. */
        private static boolean satisfies(String version, ToolWish wish) {
            String wanted = wish.version();
            if (wanted.startsWith("~>")) {
                List<Integer> numbers = ToolWish.numbers(wanted);
                List<Integer> there = ToolWish.numbers(version);
                int fixed = Math.max(1, numbers.size() - 1);
                return wish.atMost(version)
                        && there.size() >= fixed
                        && there.subList(0, fixed).equals(numbers.subList(0, fixed));
            }
            return wanted.startsWith(">") ? wish.atMost(version) : wanted.startsWith("<") || wish.metBy(version);
        }

        List<Path> readable() {
            return Stream.concat(tool.readable().stream(), bundle.readable().stream())
                    .distinct()
                    .toList();
        }

        Map<String, String> environment(BuildContext context) {
            String gems = "%s/%s/ruby/%s".formatted(context.mount(), BUNDLE, api);
            String path = Stream.of(
                            context.mount() + "/bin",
                            gems + "/bin",
                            tool.folder().toString(),
                            bundle.folder().toString(),
                            BuildEnvironment.SYSTEM_PATH)
                    .distinct()
                    .reduce((a, b) -> a + ":" + b)
                    .orElse(BuildEnvironment.SYSTEM_PATH);
            return Map.of(
                    "PATH", path,
                    "GEM_PATH", gems + ":" + gemFolders,
                    // What the app's own .bundle/config says was meant for somebody's own machine.
                    "BUNDLE_APP_CONFIG", context.mount() + "/" + BuildContext.OWN_FOLDER + "/bundle",
                    "BUNDLE_WITHOUT", "development:test",
                    "BUNDLE_GEMFILE", context.mount() + "/" + Gemfile.FILE);
        }
    }

    /** @param env gets what the instances need to find the gems */
    private static void install(BuildContext context, Gemfile gemfile, Ruby ruby, Map<String, String> env)
            throws InterruptedException {
        boolean locked = gemfile.lock().isPresent();
        if (locked) {
            env.put("BUNDLE_FROZEN", "true");
        }
        if (context.ask("bundle check --dry-run", env, ruby.readable()).isPresent()) {
            context.detail("every gem is installed on this machine");
            return;
        }
        env.put("BUNDLE_PATH", context.mount() + "/" + BUNDLE);
        List<String> ingredients = new ArrayList<>(gemfile.ingredients(context.source()));
        ingredients.add(ruby.tool().version());
        ingredients.add(ruby.tool().program().toString());
        DependencyCache cache = new DependencyCache(context.cache("ruby"), DependencyCache.key(ingredients), BUNDLE);
        if (locked && cache.isPresent() && cache.restore(context, "")) {
            context.step("Dependencies unchanged, taken from the last build");
            return;
        }
        if (!locked) {
            context.detail("without a Gemfile.lock each build may get other versions: commit the one bundler writes");
        }
        context.step("Installing dependencies with Bundler");
        Path downloads = context.cache("gems");
        Map<String, String> all = new HashMap<>(env);
        all.put("BUNDLE_USER_HOME", downloads.toString());
        all.put("BUNDLE_GLOBAL_GEM_CACHE", "true");
        all.put("BUNDLE_JOBS", "4");
        all.put("BUNDLE_RETRY", "2");
        context.run("bundle install", "bundle install", all, ruby.readable());
        DependencyCache.boundDownloads(context, downloads);
        if (locked) {
            cache.save(context);
        }
    }

    private static void precompile(BuildContext context, Gemfile gemfile, Map<String, String> env, Ruby ruby)
            throws InterruptedException {
        boolean made = context.source().has("public/assets/manifest.json")
                || context.source().has("public/assets/.manifest.json");
        if (made
                || ASSET_GEMS.stream().noneMatch(gemfile::has)
                || !context.source().has("Rakefile")) {
            return;
        }
        List<Path> readable = new ArrayList<>(ruby.readable());
        Map<String, String> all = new HashMap<>(env);
        all.put("SECRET_KEY_BASE", "only-for-the-build");
        all.put("SECRET_KEY_BASE_DUMMY", "1");
        if (gemfile.has("pg")) {
            // Nobody listens there; it keeps Rails from asking where its database is.
            all.put("DATABASE_URL", "postgresql://user:password@127.0.0.1:1/none");
        }
        if (context.source().has(PackageJson.FILE)) {
            context.tools().find(ToolKind.NODE, Optional.empty()).ifPresent(node -> {
                all.put("PATH", all.get("PATH") + ":" + node.folder());
                readable.addAll(node.readable());
            });
        }
        context.step("Preparing assets");
        context.run("rake assets:precompile", "bundle exec rake assets:precompile", all, readable);
    }

    static Optional<String> webCommand(SourceFolder source, Gemfile gemfile) {
        if (gemfile.rails() && source.has("config/application.rb")) {
            String rails = source.has("bin/rails") ? "ruby bin/rails" : "bundle exec rails";
            return Optional.of(rails + " server -b 0.0.0.0 -p $PORT -e production");
        }
        if (source.has(RACKUP)) {
            return Optional.of(rack(gemfile));
        }
        return Stream.of("app.rb", "server.rb", "main.rb", "web.rb")
                .filter(source::has)
                .findFirst()
                .map(file -> "bundle exec ruby " + file
                        + (source.text(file).filter(text -> sinatra(text)).isPresent() ? " -o 0.0.0.0 -p $PORT" : ""));
    }

    /** A classic application, which reads options of its own. */
    private static boolean sinatra(String text) {
        return text.matches("(?s).*require\\s*\\(?[\"']sinatra[\"'].*");
    }

    private static String rack(Gemfile gemfile) {
        if (gemfile.has("puma")) {
            return "bundle exec puma -p $PORT -e production";
        }
        if (gemfile.has("falcon")) {
            return "bundle exec falcon serve -b http://0.0.0.0:$PORT";
        }
        if (gemfile.has("unicorn")) {
            return "bundle exec unicorn -p $PORT -E production";
        }
        if (gemfile.has("thin")) {
            return "bundle exec thin start -a 0.0.0.0 -p $PORT -e production";
        }
        return "bundle exec rackup -o 0.0.0.0 -p $PORT -E production";
    }
}
