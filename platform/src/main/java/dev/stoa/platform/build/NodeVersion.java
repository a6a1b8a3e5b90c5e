package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The Node.js that an app asks for.
 *
 * @param file  that asks
 * @param text  as it stands there
 * @param range what it means
 */
record NodeVersion(String file, String text, SemverRange range) {
    /** Below the slug, where one from npm goes: the version that the machine has not. */
    private static final String OWN_NODE = BuildContext.OWN_FOLDER + "/node";

    private static final Map<String, Integer> LONG_TERM_NAMES = Map.of(
            "dubnium",
            10,
            "erbium",
            12,
            "fermium",
            14,
            "gallium",
            16,
            "hydrogen",
            18,
            "iron",
            20,
            "jod",
            22,
            "krypton",
            24);

    static Optional<NodeVersion> wanted(BuildContext context, PackageJson app) {
        Optional<NodeVersion> engines = app.engine("node")
                .map(text -> new NodeVersion(
                        "engines.node of package.json",
                        text,
                        SemverRange.parse(text).orElseThrow(() -> noRange("engines.node of package.json", text))));
        return engines.or(() -> Stream.of(".nvmrc", ".node-version", ".tool-versions")
                .flatMap(file -> ofFile(context, file).stream())
                .findFirst());
    }

    private static StoaException noRange(String file, String text) {
        return new StoaException(
                ErrorCode.BUILD_FAILED,
                "%s is \"%s\", which is no range of versions".formatted(file, text),
                "write it like this:  \"engines\": { \"node\": \"22.x\" }");
    }

    private static Optional<NodeVersion> ofFile(BuildContext context, String file) {
        Optional<String> line = context.source()
                .text(file)
                .flatMap(text -> text.lines()
                        .map(String::strip)
                        .filter(l -> file.equals(".tool-versions")
                                ? l.startsWith("nodejs ")
                                : !l.isEmpty() && !l.startsWith("#"))
                        .map(l -> l.replaceFirst("^nodejs\\s+", "").replaceFirst("\\s.*", ""))
                        .findFirst());
        Optional<String> version = line.map(text -> text.toLowerCase(Locale.ROOT))
                .filter(text -> !List.of("node", "stable", "latest", "lts/*", "lts", "system")
                        .contains(text))
                .map(text -> Optional.ofNullable(LONG_TERM_NAMES.get(text.replace("lts/", "")))
                        .map(Object::toString)
                        .orElse(text));
        Optional<SemverRange> range = version.flatMap(SemverRange::parse);
        if (version.isPresent() && range.isEmpty()) {
            context.detail("%s says \"%s\", which is no version of Node.js: it is left out of account"
                    .formatted(file, line.orElse("")));
        }
        return range.map(r -> new NodeVersion(file, line.orElse(""), r));
    }

    private boolean fits(Toolchains.Tool node) {
        return number(node).filter(range::contains).isPresent();
    }

    private static Optional<SemverRange.Version> number(Toolchains.Tool node) {
        return SemverRange.Version.parse(node.version());
    }

    /**
     * The one of this machine that fits, that of the PATH if it does, else the newest; where none does, one from npm, which
     * goes into the slug.
     */
    static Toolchains.Tool choose(BuildContext context, Optional<NodeVersion> wanted) throws InterruptedException {
        List<Toolchains.Tool> there = context.tools().nodes();
        if (wanted.isEmpty() || there.isEmpty()) {
            return context.tools().node();
        }
        NodeVersion wish = wanted.get();
        if (wish.fits(there.getFirst())) {
            return there.getFirst();
        }
        Optional<Toolchains.Tool> fitting = there.stream()
                .filter(wish::fits)
                .max(Comparator.comparing(node -> number(node).orElseThrow()));
        if (fitting.isPresent()) {
            return fitting.get();
        }
        return wish.fromNpm(context, there).orElseThrow(() -> wish.missing(there));
    }

    /** Node.js is in npm as well, one package for each system. */
    private Optional<Toolchains.Tool> fromNpm(BuildContext context, List<Toolchains.Tool> there)
            throws InterruptedException {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : "linux";
        String arch = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x64";
        String name = "node-%s-%s".formatted(os, arch);
        Toolchains.Tool base = there.getFirst();
        NodeTools tools = new NodeTools(context, base, context.tools().npm(base));
        Optional<Path> folder = tools.install(name, text);
        if (folder.isEmpty()) {
            return Optional.empty();
        }
        // The app's cache is not there when the app runs, so the program comes along in the slug.
        String from =
                Shell.quote(folder.get().resolve("node_modules").resolve(name).toString());
        BuildContext.Outcome outcome = context.outcome(
                "mkdir -p %1$s/bin && cp --reflink=auto %2$s/bin/node %1$s/bin/node 2>/dev/null || cp %2$s/bin/node %1$s/bin/node; %1$s/bin/node -p process.version"
                        .formatted(OWN_NODE, from),
                Map.of(),
                List.of());
        Optional<String> version = outcome.printed().stream()
                .filter(line -> line.matches("v\\d+\\.\\d+\\.\\d+"))
                .findFirst();
        Path program = Path.of(context.mount(), OWN_NODE, "bin/node");
        return version.map(v -> new Toolchains.Tool(program, v, List.of())).filter(this::fits);
    }

    private StoaException missing(List<Toolchains.Tool> there) {
        String versions =
                there.stream().map(Toolchains.Tool::version).distinct().sorted().collect(Collectors.joining(", "));
        return new StoaException(
                ErrorCode.TOOL_MISSING,
                "%s asks for Node.js %s, which this machine does not have, and npm could not bring it: it has %s"
                        .formatted(file, text, versions),
                "install it where the platform runs:  \"mise install node@VERSION\" or \"nvm install VERSION\"; or ask for one that is there");
    }
}
