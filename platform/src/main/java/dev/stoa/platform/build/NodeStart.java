package dev.stoa.platform.build;

import dev.stoa.platform.base.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** How a Node.js app is started, or which folder of it is a site, once its build has run. */
record NodeStart(SourceFolder source, PackageJson app) {
    /** Servers for developers: what they serve, a build has written into a folder by now. */
    private static final Pattern FOR_DEVELOPERS =
            Pattern.compile("(npx |pnpm exec |yarn |cross-env (\\w+=\\S+ )*|(\\w+=\\S+ )*)*"
                    + "(react-scripts start|react-app-rewired start|craco start|ng (s|serve|start)|vue-cli-service serve|parcel( serve)?|gatsby (develop|start|serve)"
                    + "|vite( dev| preview| serve)?|astro( dev| start| preview)?|docusaurus (start|serve)|webpack(-dev-server| serve| -w)|nuxt( dev| start| preview)?"
                    + "|nuxi (dev|start|preview)|next( dev)?|vinxi (dev|start)|preact (watch|serve)|ember s(erve)?|snowpack dev|eleventy --serve|@11ty/eleventy --serve"
                    + "|vitepress( dev| preview)?|rsbuild (dev|preview)|serve( .*)?)( -.*| [./]\\S*)?");

    /** In them generators look for a page of their own, so that an unknown path is an unknown page. */
    private static final List<String> MANY_PAGES = List.of(
            "astro",
            "@11ty/eleventy",
            "gatsby",
            "vitepress",
            "vuepress",
            "@docusaurus/core",
            "hexo",
            "next",
            "metalsmith");

    private static final List<String> SITES = List.of(
            "dist",
            "build",
            "out",
            "build/client",
            ".output/public",
            ".vitepress/dist",
            "docs/.vitepress/dist",
            "_site",
            "www",
            "public");
    private static final List<String> PROGRAMS = List.of(
            "index.js",
            "app.js",
            "index.mjs",
            "server.mjs",
            "src/index.js",
            "src/server.js",
            "src/app.js",
            "dist/index.js",
            "dist/main.js",
            "dist/server.js",
            "dist/src/index.js",
            "build/index.js",
            "build/server.js");

    private static final List<String> TYPESCRIPT_PROGRAMS = List.of(
            "index.ts", "server.ts", "app.ts", "main.ts", "src/index.ts", "src/server.ts", "src/app.ts", "src/main.ts");

    /** What runs TypeScript as it is, if the app brings it. */
    private static final List<String> TYPESCRIPT_RUNNERS = List.of("tsx", "ts-node");

    private static final Pattern RUN_FILE = Pattern.compile("node\\s+(?:-\\S+\\s+)*(\\S+)");

    private static final String STANDALONE = ".next/standalone/server.js";
    private static final int FOLDERS_MAX = 50;

    /** Files to be served. */
    record Site(String folder, boolean singlePage) {}

    /** The command of {@code web}, if the app is a program. */
    Optional<String> web() {
        Optional<String> start = app.script("start").filter(script -> !isForDevelopers(script));
        if (start.isPresent()) {
            return Optional.of(started(start.get()));
        }
        return frameworkServer()
                .or(() -> program(Stream.of("server.js")))
                .or(() -> site().isPresent()
                        ? Optional.empty()
                        : program(Stream.concat(
                                        app.main().filter(file -> !isTypeScript(file)).stream(), PROGRAMS.stream()))
                                .or(this::typeScript)
                                .or(() -> app.script("start")));
    }

    /** A program that nothing has compiled; from version 22.18 on Node.js takes its types out itself. */
    Optional<String> typeScript() {
        String runner =
                TYPESCRIPT_RUNNERS.stream().filter(app::needs).findFirst().orElse("node");
        return Stream.concat(app.main().filter(NodeStart::isTypeScript).stream(), TYPESCRIPT_PROGRAMS.stream())
                .filter(source::has)
                .findFirst()
                .map(file -> runner + " " + Shell.quoteIfNeeded(file));
    }

    private static boolean isTypeScript(String file) {
        return file.matches(".*\\.[cm]?ts");
    }

    /**
     * Whether the app is started by what its TypeScript compiler has yet to write.
     *
     * @param commands that start it
     */
    boolean isNotCompiled(List<String> commands) {
        Stream<String> started = commands.isEmpty()
                ? app.main().filter(file -> file.contains("/")).stream()
                : commands.stream()
                        .map(RUN_FILE::matcher)
                        .filter(Matcher::matches)
                        .map(matcher -> matcher.group(1));
        return app.needs("typescript")
                && source.has("tsconfig.json")
                && started.anyMatch(file -> !isTypeScript(file)
                        && Stream.of("", ".js", "/index.js").noneMatch(end -> source.has(file + end)));
    }

    private static boolean isForDevelopers(String script) {
        return FOR_DEVELOPERS.matcher(script.strip()).matches();
    }

    /** What {@code npm start} would run, without an npm around it that keeps SIGTERM to itself. */
    private String started(String script) {
        if (app.script("prestart").isPresent()) {
            return "npm start";
        }
        if (script.matches("nest start.*") && app.script("start:prod").isPresent()) {
            // Nest's own command is for developers, and is not there in production.
            return app.script("start:prod").orElseThrow();
        }
        if (script.matches("next start.*") && source.has(STANDALONE)) {
            return "env HOSTNAME=0.0.0.0 node " + STANDALONE;
        }
        return script;
    }

    /** The server that a framework's build has written. */
    private Optional<String> frameworkServer() {
        if (source.has(".output/server/index.mjs")) {
            return Optional.of("env HOST=0.0.0.0 node .output/server/index.mjs");
        }
        if (app.needs("astro") && source.has("dist/server/entry.mjs")) {
            return Optional.of("env HOST=0.0.0.0 node dist/server/entry.mjs");
        }
        if (app.needs("@sveltejs/kit") && source.has("build/handler.js")) {
            return Optional.of("node build/index.js");
        }
        if (app.needs("next") && !source.has("out/index.html")) {
            return Optional.of(
                    source.has(STANDALONE) ? "env HOSTNAME=0.0.0.0 node " + STANDALONE : "next start -p $PORT");
        }
        if (source.has("build/server/index.js")) {
            for (String name : List.of("react-router", "remix")) {
                if (app.needs("@%s/serve".formatted(name.equals("remix") ? "remix-run" : name))) {
                    return Optional.of(name + "-serve ./build/server/index.js");
                }
            }
        }
        return inFoldersOf("dist", "server/server.mjs").map(file -> "node " + Shell.quoteIfNeeded(file));
    }

    private Optional<String> program(Stream<String> files) {
        return files.filter(source::has).findFirst().map(file -> "node " + Shell.quoteIfNeeded(file));
    }

    /** The folder that a build has written, or that came along. */
    Optional<Site> site() {
        Optional<String> folder = SITES.stream()
                .filter(name -> source.has(name + "/index.html"))
                .findFirst()
                .or(() -> inFoldersOf("dist", "browser/index.html").map(NodeStart::parent))
                .or(() -> inFoldersOf("dist", "index.html").map(NodeStart::parent))
                .or(() -> inFoldersOf("dist", "browser/index.csr.html").map(NodeStart::parent));
        return folder.map(name -> new Site(name, MANY_PAGES.stream().noneMatch(app::needs)));
    }

    /** A project that a framework builds for a host that it does not know. */
    Optional<String> missingAdapter() {
        return app.needs("@sveltejs/kit") && source.has(".svelte-kit/output/server/index.js")
                ? Optional.of("@sveltejs/adapter-node")
                : Optional.empty();
    }

    private static String parent(String file) {
        Matcher matcher = Pattern.compile("(.*)/[^/]*").matcher(file);
        return matcher.matches() ? matcher.group(1) : ".";
    }

    /** Such as {@code dist/shop/browser/index.html}. */
    private Optional<String> inFoldersOf(String parent, String file) {
        Path folder = source.root().resolve(parent);
        if (Files.isSymbolicLink(folder) || !Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.map(child -> Objects.toString(child.getFileName(), ""))
                    .sorted()
                    .limit(FOLDERS_MAX)
                    .map(name -> "%s/%s/%s".formatted(parent, name, file))
                    .filter(source::has)
                    .findFirst();
        } catch (IOException e) {
            throw BuildContext.diskError(e);
        }
    }
}
