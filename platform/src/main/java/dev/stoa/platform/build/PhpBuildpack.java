package dev.stoa.platform.build;

import dev.stoa.platform.base.Shell;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** PHP with Composer, served by FrankenPHP where the machine has it, else by PHP's own server. */
final class PhpBuildpack implements Buildpack {
    private static final String MANIFEST = "composer.json";
    private static final String LOCK = "composer.lock";
    private static final String INDEX = "index.php";
    private static final String VENDOR = "vendor";

    /** The page that answers for all others, where frameworks and people put it. */
    private static final List<String> ROOTS = List.of("public", "web", "htdocs", "public_html", "www", ".");

    private static final String WORKERS = "4";

    @Override
    public String name() {
        return "php";
    }

    @Override
    public String looksFor() {
        return MANIFEST + " or " + INDEX;
    }

    @Override
    public boolean detects(SourceFolder source) {
        return source.has(MANIFEST) || source.has(INDEX) || source.has("public/" + INDEX);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        SourceFolder source = context.source();
        JsonNode manifest = manifest(source);
        Optional<ToolWish> wish = wish(source, manifest);
        Toolchains.Tool php = context.tools().of(ToolKind.PHP, wish);
        context.step("Using PHP " + php.version());
        wish.filter(w -> !w.atMost(php.version())).ifPresent(w -> {
            throw ToolKind.PHP.tooOld(php.version(), w);
        });
        String own = context.mount() + "/" + BuildContext.OWN_FOLDER;
        Map<String, String> env = new HashMap<>();
        env.put("PATH", own + "/bin:" + php.folder() + ":" + BuildEnvironment.SYSTEM_PATH);
        if (source.has(MANIFEST)) {
            install(context, manifest, php, env);
        }
        boolean laravel = source.has("artisan");
        context.run("preparing the server", script(source, laravel), env, php.readable());
        env.put(
                "PATH",
                own + "/bin:" + context.mount() + "/vendor/bin:" + php.folder() + ":" + BuildEnvironment.SYSTEM_PATH);
        // What the machine's own folder says stays, ours is read after it.
        env.put("PHP_INI_SCAN_DIR", ":" + own + "/php");
        env.put("PHP_CLI_SERVER_WORKERS", WORKERS);
        if (laravel) {
            env.putAll(Map.of("APP_ENV", "production", "APP_DEBUG", "false", "LOG_CHANNEL", "stderr"));
            context.secrets()
                    .ensure("APP_KEY", key -> "base64:" + Base64.getEncoder().encodeToString(key));
        }
        List<Path> readable = new ArrayList<>(php.readable());
        Optional<Toolchains.Tool> franken = context.tools().find(ToolKind.FRANKENPHP, Optional.empty());
        franken.ifPresent(tool -> {
            readable.addAll(tool.readable());
            env.put("PATH", env.get("PATH") + ":" + tool.folder());
        });
        return new Built(
                root(source)
                        .map(root -> Map.of("web", serve(root, franken.isPresent())))
                        .orElse(Map.of()),
                env,
                readable);
    }

    private static String serve(String root, boolean franken) {
        return franken
                ? "frankenphp php-server --listen :$PORT --root " + root
                : "php -S 0.0.0.0:$PORT -t %s .stoa/php/router.php".formatted(root);
    }

    private static Optional<String> root(SourceFolder source) {
        return ROOTS.stream()
                .filter(root -> source.has(root + "/" + INDEX))
                .findFirst()
                .or(() -> ROOTS.stream()
                        .filter(root -> source.has(root + "/index.html"))
                        .findFirst());
    }

    private static JsonNode manifest(SourceFolder source) {
        return new JsonFile(MANIFEST, JsonFile.HINT)
                .object(source.text(MANIFEST).orElse("{}"));
    }

    /** The least that composer.json allows, such as 8.2 in {@code ^8.2 || ^9.0}. */
    private static Optional<ToolWish> wish(SourceFolder source, JsonNode manifest) {
        JsonNode php = manifest.path("require").path("php");
        if (php.isString()) {
            return Stream.of(php.stringValue().split("\\|\\|?", -1))
                    .map(String::strip)
                    .filter(range -> range.matches("(\\^|~|>=|=|v)?\\s*\\d.*"))
                    .map(range -> new ToolWish(String.join(".", numbers(range)), MANIFEST))
                    .min((a, b) -> ToolWish.compare(a.version(), b.version()));
        }
        return ToolWish.firstLine(source, ".php-version").or(() -> ToolWish.declared(source, ToolKind.PHP.names()));
    }

    private static List<String> numbers(String text) {
        return ToolWish.numbers(text).stream().map(String::valueOf).toList();
    }

    private static void install(BuildContext context, JsonNode manifest, Toolchains.Tool php, Map<String, String> env)
            throws InterruptedException {
        SourceFolder source = context.source();
        boolean needed = source.has(LOCK)
                || !manifest.path("autoload").isEmpty()
                || manifest.path("require").propertyNames().stream().anyMatch(name -> name.contains("/"));
        if (!needed) {
            context.detail("composer.json names no packages");
            return;
        }
        List<Path> readable = new ArrayList<>(php.readable());
        String composer;
        if (source.has("composer.phar")) {
            composer = "php composer.phar";
        } else {
            Optional<Toolchains.Tool> tool = context.tools().find(ToolKind.COMPOSER, Optional.empty());
            if (tool.isEmpty() && source.has("vendor/autoload.php")) {
                context.detail("this machine has no composer: the vendor folder is used as it came");
                return;
            }
            readable.addAll(tool.orElseThrow(() -> ToolKind.COMPOSER.missing(Optional.empty()))
                    .readable());
            composer = "php " + Shell.quote(tool.get().program().toString());
        }
        Path downloads = context.cache("composer");
        Map<String, String> all = new HashMap<>(env);
        all.putAll(Map.of(
                "COMPOSER_HOME", downloads.toString(),
                "COMPOSER_CACHE_DIR", downloads.resolve("cache").toString(),
                "COMPOSER_ALLOW_SUPERUSER", "1",
                "COMPOSER_NO_INTERACTION", "1",
                "COMPOSER_MEMORY_LIMIT", "-1"));
        List<String> ingredients =
                List.of(source.text(LOCK).orElse(""), source.text(MANIFEST).orElse(""), php.version());
        DependencyCache cache = new DependencyCache(context.cache("php"), DependencyCache.key(ingredients), VENDOR);
        boolean keeps = source.has(LOCK) && !source.has("vendor/autoload.php");
        if (keeps && cache.isPresent() && cache.restore(context, "")) {
            context.step("Dependencies unchanged, taken from the last build");
        } else {
            context.step("Installing dependencies with Composer");
            if (!source.has(LOCK)) {
                context.detail(
                        "without a composer.lock each build may get other versions: commit the one composer writes");
            }
        }
        // With the packages in place it only writes the class map, which knows the app's own classes, and runs its
        // scripts.
        context.run(
                "composer install",
                composer + " install --no-dev --optimize-autoloader --prefer-dist --no-progress --no-interaction",
                all,
                readable);
        DependencyCache.boundDownloads(context, downloads);
        if (keeps && !cache.isPresent()) {
            cache.save(context);
        }
    }

    /** Puts the router and the settings into Stoa's corner, and what Heroku's Procfiles name onto the PATH. */
    private static String script(SourceFolder source, boolean laravel) {
        StringBuilder script = new StringBuilder("set -e\nmkdir -p .stoa/php .stoa/bin\n");
        write(script, "php-router.php", ".stoa/php/router.php");
        write(script, "php-settings.ini", ".stoa/php/stoa.ini");
        for (String name : List.of("heroku-php-apache2", "heroku-php-nginx")) {
            write(script, "heroku-php.sh", ".stoa/bin/" + name);
            script.append("chmod 755 .stoa/bin/").append(name).append('\n');
            if (!source.has("vendor/bin/" + name)) {
                script.append("mkdir -p vendor/bin; ln -sf ../../.stoa/bin/%1$s vendor/bin/%1$s\n".formatted(name));
            }
        }
        if (laravel) {
            script.append("mkdir -p storage/framework/cache/data storage/framework/sessions storage/framework/views")
                    .append(" storage/logs bootstrap/cache\n");
        }
        return script.toString();
    }

    private static void write(StringBuilder script, String resource, String file) {
        script.append("cat > ")
                .append(file)
                .append(" <<'STOA_END'\n")
                .append(resource(resource))
                .append("\nSTOA_END\n");
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(PhpBuildpack.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw BuildContext.diskError(e);
        }
    }
}
