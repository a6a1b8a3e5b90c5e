package dev.stoa.platform.build;

import dev.stoa.api.Json;
import dev.stoa.platform.base.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/**
 * Node.js, npm and what npm brings: package managers live in the app's cache, each version in a folder of its own.
 *
 * @param node runs everything
 * @param npm  of the machine, which may be too new for this Node.js
 */
record NodeTools(BuildContext context, Toolchains.Tool node, Toolchains.Tool npm) {
    private static final String SOCKETS = "npm_config_maxsockets";

    /** npm's own number of connections to a registry. */
    private static final int SOCKETS_MAX = 15;

    /** With more, npm has no time for what they bring, and each costs it a handshake. */
    private static final int SOCKETS_PER_PROCESSOR = 3;

    List<Path> readable() {
        return Stream.concat(node.readable().stream(), npm.readable().stream())
                .distinct()
                .toList();
    }

    /** @param first folders before those of Node.js */
    String path(Stream<String> first) {
        return Stream.concat(
                        first,
                        Stream.of(node.folder().toString(), npm.folder().toString(), BuildEnvironment.SYSTEM_PATH))
                .distinct()
                .collect(Collectors.joining(":"));
    }

    Map<String, String> env(Stream<String> first) {
        int processors = Runtime.getRuntime().availableProcessors();
        Map<String, String> env = new HashMap<>(Map.of(
                "PATH", path(first),
                "npm_config_cache", context.cache("npm").toString(),
                "npm_config_audit", "false",
                "npm_config_fund", "false",
                "npm_config_progress", "false",
                "npm_config_update_notifier", "false",
                // A file for each run, where nobody gets to read it.
                "npm_config_logs_max", "0",
                // With more of them than processors they are in the way of npm itself: a tenth of its time.
                "UV_THREADPOOL_SIZE", Integer.toString(Math.max(2, processors))));
        if (!choosesSockets()) {
            env.put(SOCKETS, Integer.toString(Math.min(SOCKETS_MAX, SOCKETS_PER_PROCESSOR * processors)));
        }
        return env;
    }

    private boolean choosesSockets() {
        return context.config().containsKey(SOCKETS)
                || context.tools().networkEnvironment().containsKey(SOCKETS)
                || context.source().text(".npmrc").orElse("").contains("maxsockets");
    }

    /** The version of npm that works with this Node.js; empty where the machine's does. */
    Optional<String> otherNpm() {
        Optional<SemverRange.Version> version = SemverRange.Version.parse(node.version());
        boolean fits = engines()
                .flatMap(SemverRange::parse)
                .flatMap(range -> version.map(range::contains))
                .orElse(true);
        return fits ? Optional.empty() : version.map(v -> npmFor(v.major()));
    }

    /** Which Node.js the machine's npm says that it works with. */
    private Optional<String> engines() {
        // The program is npm/bin/npm-cli.js.
        Path manifest =
                Toolchains.realPath(npm.program()).resolve("../../package.json").normalize();
        try {
            return Files.isRegularFile(manifest)
                    ? new PackageJson(Json.MAPPER.readTree(Files.readString(manifest))).engine("node")
                    : Optional.empty();
        } catch (IOException e) {
            throw BuildContext.diskError(e);
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }

    /** The newest that works with each release of this Node.js. */
    private static String npmFor(long nodeMajor) {
        return nodeMajor >= 18 ? "10" : nodeMajor >= 14 ? "8" : "6";
    }

    /** The folder of the app's cache with this package in its node_modules; empty when npm could not install it. */
    Optional<Path> install(String name, String version) throws InterruptedException {
        Path folder = context.cache("tools").resolve("npm-" + DependencyCache.key(List.of(name, version)));
        String done = Shell.quote(folder.resolve("done").toString());
        if (context.attempt("[ -e %s ]".formatted(done))) {
            return Optional.of(folder);
        }
        String wanted = name + "@" + version;
        context.step("Installing %s from npm".formatted(wanted));
        String quoted = Shell.quote(folder.toString());
        // By the Node.js that the machine's npm is made for.
        Toolchains.Tool base = context.tools().nodes().getFirst();
        NodeTools installer = new NodeTools(context, base, context.tools().npm(base));
        BuildContext.Outcome outcome = context.outcome(
                "rm -rf %1$s && mkdir -p %1$s && cd %1$s && echo '{}' > package.json && npm install --no-save --no-package-lock --ignore-scripts %2$s && touch done"
                        .formatted(quoted, Shell.quote(wanted)),
                installer.env(Stream.of()),
                installer.readable());
        if (outcome.status() != 0) {
            outcome.printed().stream()
                    .filter(line -> line.contains("npm error"))
                    .limit(5)
                    .forEach(context::show);
            return Optional.empty();
        }
        return Optional.of(folder);
    }
}
