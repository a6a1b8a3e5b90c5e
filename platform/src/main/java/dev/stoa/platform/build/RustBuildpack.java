package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Rust: the programs that {@code cargo build --release} makes go to bin/. */
final class RustBuildpack implements Buildpack {
    private static final String MANIFEST = "Cargo.toml";
    private static final String LOCK = "Cargo.lock";

    /** What cargo says it made, a JSON object on each line. */
    private static final String MADE = BuildContext.OWN_FOLDER + "/cargo.json";

    private static final List<String> TOOLCHAIN_FILES = List.of("rust-toolchain.toml", "rust-toolchain");
    private static final Pattern CHANNEL = Pattern.compile("channel\\s*=\\s*\"([^\"]+)\"");

    @Override
    public String name() {
        return "rust";
    }

    @Override
    public String looksFor() {
        return MANIFEST;
    }

    @Override
    public boolean detects(SourceFolder source) {
        return source.has(MANIFEST);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        SourceFolder source = context.source();
        TomlParseResult manifest = Toml.parse(source.text(MANIFEST).orElse(""));
        if (manifest.hasErrors()) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "Cargo.toml cannot be read: " + manifest.errors().getFirst(),
                    "put it right and deploy again");
        }
        Optional<ToolWish> wish = wish(source);
        Toolchains.Tool cargo = context.tools().of(ToolKind.CARGO, wish);
        context.step("Using Rust " + cargo.version());
        wish.filter(w -> !w.metBy(cargo.version()))
                .ifPresent(w -> context.detail(
                        "%s asks for %s, which rustup has not installed on this machine: \"rustup toolchain install %2$s\""
                                .formatted(w.file(), w.version())));
        boolean locked = source.has(LOCK);
        if (!locked) {
            context.detail("without a Cargo.lock each build may get other versions: commit the one cargo writes");
        }
        build(context, cargo, locked);
        List<String> programs = made(source);
        if (programs.isEmpty()) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "cargo build made no program: Cargo.toml has no binary target",
                    "add src/main.rs or a [[bin]] section, or deploy the folder that has one");
        }
        boolean rocket = source.text(LOCK).orElse("").contains("name = \"rocket\"")
                || source.text(MANIFEST).orElse("").contains("rocket");
        Map<String, String> guesses =
                MainProgram.guesses(programs, preferred(manifest), rocket ? "env ROCKET_PORT=$PORT " : "");
        MainProgram.mustBeClear(context, programs, guesses);
        Map<String, String> env = new HashMap<>();
        env.put("PATH", context.mount() + "/bin:" + BuildEnvironment.SYSTEM_PATH);
        if (rocket) {
            env.put("ROCKET_ADDRESS", "0.0.0.0");
            env.put("ROCKET_PROFILE", "release");
        }
        return new Built(guesses, env, List.of());
    }

    private static void build(BuildContext context, Toolchains.Tool cargo, boolean locked) throws InterruptedException {
        Path cache = context.cache("rust");
        Path target = cache.resolve("target");
        Map<String, String> env = new HashMap<>();
        env.put("PATH", cargo.folder() + ":" + BuildEnvironment.SYSTEM_PATH);
        env.put("CARGO_HOME", cache.resolve("home").toString());
        env.put("CARGO_TARGET_DIR", target.toString());
        env.put("CARGO_TERM_COLOR", "never");
        env.put("CARGO_TERM_PROGRESS_WHEN", "never");
        env.put("SQLX_OFFLINE", "true");
        String build = "cargo build --release" + (locked ? " --locked" : "");
        context.step("Running " + build);
        // Cargo goes by the times of files, which an archive may bring from long ago: what was kept of the app's own
        // code could pass for new. And who has a Procfile may name programs where cargo leaves them.
        context.run(build, """
                set -e
                find . -path ./target -prune -o -path ./.git -prune -o -type f -exec touch {} +
                mkdir -p %1$s bin
                %2$s --message-format=json-render-diagnostics > %3$s
                rm -rf target
                mkdir -p target/release
                sed -n 's/.*"executable":"\\([^"]*\\)".*/\\1/p' %3$s | while IFS= read -r program; do
                  name=$(basename "$program")
                  rm -f "bin/$name"
                  cp "$program" "bin/$name"
                  ln -sf "../../bin/$name" "target/release/$name"
                done
                """.formatted(BuildContext.OWN_FOLDER, build, MADE), env, cargo.readable());
        DependencyCache.boundDownloads(context, cache);
    }

    private static Optional<ToolWish> wish(SourceFolder source) {
        return TOOLCHAIN_FILES.stream()
                .flatMap(file -> source.text(file).stream().map(text -> channel(file, text)))
                .findFirst()
                .or(() -> ToolWish.declared(source, ToolKind.CARGO.names()));
    }

    private static ToolWish channel(String file, String text) {
        Matcher matcher = CHANNEL.matcher(text);
        return new ToolWish(
                matcher.find() ? matcher.group(1) : text.lines().findFirst().orElse("stable"), file);
    }

    private static List<String> made(SourceFolder source) {
        List<String> programs = new ArrayList<>();
        // A build script may print among it what it likes.
        source.text(MADE)
                .orElse("")
                .lines()
                .filter(line -> line.startsWith("{"))
                .forEach(line -> {
                    try {
                        JsonNode executable = Json.MAPPER.readTree(line).path("executable");
                        if (executable.isString()) {
                            programs.add(ToolFinder.nameOf(Path.of(executable.stringValue())));
                        }
                    } catch (JacksonException e) {
                        throw new StoaException(
                                ErrorCode.BUILD_FAILED,
                                "what cargo says of its programs cannot be read: " + line,
                                "",
                                e);
                    }
                });
        return programs.stream().distinct().sorted().toList();
    }

    private static List<String> preferred(TomlParseResult manifest) {
        return Stream.of("default-run", "name")
                .map(key -> manifest.get(List.of("package", key)))
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .toList();
    }
}
