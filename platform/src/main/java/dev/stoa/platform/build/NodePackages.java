package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The package manager of a Node.js app, by its lock file.
 *
 * @param lock    the name of the lock file; empty where there is none
 * @param version wanted, such as {@code 9.1.0} or {@code 9}
 */
record NodePackages(Kind kind, Optional<String> lock, String version) {
    /** The managers that there are. */
    enum Kind {
        NPM("npm", "npm"),
        PNPM("pnpm", "pnpm"),
        YARN("yarn", "yarn"),
        /** Yarn 2 and newer. */
        BERRY("yarn", "@yarnpkg/cli-dist");

        private final String program;
        private final String inNpm;

        Kind(String program, String inNpm) {
            this.program = program;
            this.inNpm = inNpm;
        }

        String program() {
            return program;
        }

        /** The package that brings it. */
        String inNpm() {
            return inNpm;
        }
    }

    private static final Pattern LOCK_VERSION = Pattern.compile("(?m)^lockfileVersion: '?\"?(\\d+)");
    private static final Pattern BERRY_LOCK_VERSION = Pattern.compile("__metadata:\\s+version: (\\d+)");
    private static final String NEWEST = "latest";

    static NodePackages of(BuildContext context, PackageJson app) {
        SourceFolder source = context.source();
        Map<String, String> locks = new LinkedHashMap<>();
        locks.put("npm-shrinkwrap.json", "npm");
        locks.put("package-lock.json", "npm");
        locks.put("pnpm-lock.yaml", "pnpm");
        locks.put("yarn.lock", "yarn");
        List<String> found =
                new ArrayList<>(locks.keySet().stream().filter(source::has).toList());
        Optional<String> named = app.packageManager().map(field -> field.replaceFirst("@.*", ""));
        long managers = found.stream().map(locks::get).distinct().count();
        if (managers > 1
                && named.isPresent()
                && found.stream().anyMatch(f -> named.get().equals(locks.get(f)))) {
            context.detail(
                    "packageManager in package.json says %s: other lock files are not read".formatted(named.get()));
            found.removeIf(file -> !named.get().equals(locks.get(file)));
        } else if (managers > 1) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "the app has the lock files of several package managers: " + String.join(", ", found),
                    "keep the one of the manager that you use, and remove the others, such as:  git rm "
                            + found.getFirst());
        }
        if (found.isEmpty() && Stream.of("bun.lock", "bun.lockb").anyMatch(source::has)) {
            context.detail("Bun's lock file is not read: npm installs what package.json allows");
        }
        Optional<String> lock = found.stream().findFirst();
        String manager = lock.map(locks::get)
                .or(() -> named.filter(locks::containsValue))
                .orElse("npm");
        String pinned = app.packageManager()
                .filter(field -> field.startsWith(manager + "@"))
                .map(field -> field.substring(manager.length() + 1))
                .filter(text -> text.matches("[\\w.-]+"))
                .or(() -> app.engine(manager).filter(text -> text.matches("[\\w.^~<>= |*-]+")))
                .orElse("");
        return switch (manager) {
            case "pnpm" -> new NodePackages(Kind.PNPM, lock, pinned.isEmpty() ? pnpmVersion(source) : pinned);
            case "yarn" -> yarn(source, lock, pinned);
            default -> new NodePackages(Kind.NPM, lock, "");
        };
    }

    private static NodePackages yarn(SourceFolder source, Optional<String> lock, String pinned) {
        String text = source.text("yarn.lock").orElse("");
        boolean classic = text.contains("# yarn lockfile v1")
                || (text.isBlank() && !source.has(".yarnrc.yml") && !pinned.matches("[2-9].*"));
        if (classic) {
            // An engines.yarn of 2 or newer cannot read this file; npm's "yarn" has nothing newer than 1.
            return new NodePackages(Kind.YARN, lock, pinned.startsWith("1") ? pinned : "1");
        }
        return new NodePackages(Kind.BERRY, lock, pinned.isEmpty() ? berryVersion(text) : pinned);
    }

    /** A newer Yarn would want to write an older format anew, which a build must not. */
    private static String berryVersion(String lockText) {
        Matcher matcher = BERRY_LOCK_VERSION.matcher(lockText);
        if (!matcher.find()) {
            return "4";
        }
        return switch (matcher.group(1)) {
            case "4", "5" -> "~3.1.0";
            case "6" -> "3";
            case "8" -> "~4.9.0";
            default -> "4";
        };
    }

    /** The newest manager that writes this format. */
    private static String pnpmVersion(SourceFolder source) {
        Matcher matcher = LOCK_VERSION.matcher(source.text("pnpm-lock.yaml").orElse(""));
        if (!matcher.find()) {
            return NEWEST;
        }
        return switch (matcher.group(1)) {
            case "5" -> "7";
            case "6" -> "8";
            case "9" -> "10";
            default -> NEWEST;
        };
    }

    /** The folder with its program, to be on the PATH; empty for npm, which is there unless Node.js is too old for it. */
    Optional<Path> bring(NodeTools tools) throws InterruptedException {
        BuildContext context = tools.context();
        Optional<String> wanted = kind == Kind.NPM ? tools.otherNpm() : Optional.of(version);
        if (wanted.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> release = kind == Kind.BERRY ? releaseInSource(context.source()) : Optional.empty();
        String corner = BuildContext.OWN_FOLDER + "/tools";
        if (release.isPresent()) {
            script(context, corner, "node \"%s/%s\"".formatted(context.mount(), release.get()));
            return Optional.of(Path.of(context.mount(), corner, "bin"));
        }
        Path folder = tools.install(kind.inNpm(), wanted.get())
                .orElseThrow(
                        () -> new StoaException(
                                ErrorCode.TOOL_MISSING,
                                "the app is installed with %s %s, which npm could not bring"
                                        .formatted(kind.program(), wanted.get()),
                                "see the output; the version comes from packageManager or engines in package.json, else from the lock file"));
        // The app's cache is not there when the app runs, and a Procfile may well say "yarn start".
        String from = Shell.quote(folder.toString());
        context.run(
                "bringing " + kind.program(),
                "mkdir -p %1$s && cp -R %2$s/node_modules %1$s/".formatted(corner, from),
                Map.of(),
                List.of());
        if (kind == Kind.BERRY) {
            script(
                    context,
                    corner,
                    "node \"%s/%s/node_modules/%s/bin/yarn.js\"".formatted(context.mount(), corner, kind.inNpm()));
            return Optional.of(Path.of(context.mount(), corner, "bin"));
        }
        return Optional.of(Path.of(context.mount(), corner, "node_modules/.bin"));
    }

    private static void script(BuildContext context, String corner, String command) throws InterruptedException {
        context.run(
                "bringing yarn",
                "mkdir -p %1$s/bin && printf '#!/bin/sh\\nexec %%s \"$@\"\\n' %2$s > %1$s/bin/yarn && chmod 755 %1$s/bin/yarn"
                        .formatted(corner, Shell.quote(command)),
                Map.of(),
                List.of());
    }

    /** Yarn's own program, where the app brings it along. */
    private static Optional<String> releaseInSource(SourceFolder source) {
        Matcher path = Pattern.compile("(?m)^yarnPath:\\s*\"?([\\w./-]+)\"?\\s*$")
                .matcher(source.text(".yarnrc.yml").orElse(""));
        return path.find() && source.has(path.group(1)) ? Optional.of(path.group(1)) : Optional.empty();
    }

    /** Whether packages stay zipped, and Node.js is taught to read them there. */
    boolean isPlugAndPlay(SourceFolder source) {
        return kind == Kind.BERRY
                && (source.has(".pnp.cjs")
                        || source.text(".yarnrc.yml").orElse("").matches("(?s)(.*\\n)?nodeLinker:\\s*\"?pnp\\b.*"));
    }

    /**
     * @param withDev  whether the build needs the development dependencies
     * @param complete whether the lock file names everything
     */
    String installCommand(boolean withDev, boolean complete) {
        boolean locked = lock.isPresent() && complete;
        return switch (kind) {
            case NPM -> (locked ? "npm ci" : "npm install") + (withDev ? " --include=dev" : " --omit=dev");
            case PNPM ->
                "pnpm install" + (locked ? " --frozen-lockfile" : " --no-frozen-lockfile")
                        + (withDev ? " --prod=false" : " --prod");
            case YARN ->
                "yarn install --non-interactive" + (locked ? " --frozen-lockfile" : "") + " --production=" + !withDev;
            case BERRY -> "yarn install" + (locked ? " --immutable" : "");
        };
    }

    /** Removes what only the build needed; empty where the manager cannot. */
    Optional<String> pruneCommand(PackageJson app, SourceFolder source) {
        return switch (kind) {
            case NPM -> Optional.of("npm prune --omit=dev --ignore-scripts");
            case PNPM ->
                source.has("pnpm-workspace.yaml")
                                && source.text("pnpm-workspace.yaml").orElse("").contains("packages:")
                        ? Optional.empty()
                        : Optional.of("pnpm prune --prod --ignore-scripts");
            case YARN ->
                Optional.of(
                        "yarn install --non-interactive --frozen-lockfile --production=true --ignore-scripts --prefer-offline");
            case BERRY ->
                version.matches("[23](\\..*)?") || app.hasWorkspaces()
                        ? Optional.empty()
                        : Optional.of("yarn workspaces focus --all --production");
        };
    }

    String runCommand(String script) {
        return kind.program() + " run " + script;
    }

    /** How each says that the lock file is not up to date. */
    List<BuildContext.KnownFailure> known() {
        String program = kind.program();
        String file = lock.orElse("the lock file");
        return List.of(
                new BuildContext.KnownFailure(
                        Pattern.compile(
                                "can only install (packages )?(when|with)? ?.*in sync|ERR_PNPM_OUTDATED_LOCKFILE"
                                        + "|Your lockfile needs to be updated|YN0028|ERR_PNPM_LOCKFILE_CONFIG_MISMATCH"),
                        "%s does not fit package.json".formatted(file),
                        "run \"%s install\", commit %s, and deploy again".formatted(program, file)),
                new BuildContext.KnownFailure(
                        Pattern.compile("YN0087|ERR_PNPM_LOCKFILE_BREAKING_CHANGE|ERR_PNPM_NO_LOCKFILE"),
                        "%s is not of this version of %s".formatted(file, program),
                        "name the version that wrote it in package.json:  \"packageManager\": \"%s@VERSION\""
                                .formatted(program)));
    }

    /** Beyond what Node.js and npm need. */
    Map<String, String> env(BuildContext context, SourceFolder source) {
        String cache = context.cache(kind.program()).toString();
        return switch (kind) {
            case NPM -> Map.of();
            case PNPM -> {
                Map<String, String> env = new LinkedHashMap<>(Map.of("CI", "true"));
                // Since version 11 with a prefix of its own.
                for (String prefix : List.of("npm_config_", "pnpm_config_")) {
                    env.put(prefix + "store_dir", cache);
                    env.put(prefix + "package_import_method", "copy");
                    env.put(prefix + "manage_package_manager_versions", "false");
                    env.put(prefix + "verify_deps_before_run", "false");
                }
                yield env;
            }
            case YARN -> Map.of("CI", "true", "YARN_CACHE_FOLDER", cache);
            case BERRY -> {
                Map<String, String> env = new LinkedHashMap<>(Map.of(
                        "CI", "true",
                        "YARN_ENABLE_TELEMETRY", "0",
                        "YARN_ENABLE_PROGRESS_BARS", "0",
                        "YARN_ENABLE_HARDENED_MODE", "0",
                        "YARN_GLOBAL_FOLDER", cache));
                if (isPlugAndPlay(source)) {
                    // What the app reads when it runs must be in the slug.
                    env.put("YARN_ENABLE_GLOBAL_CACHE", "false");
                } else {
                    env.put("YARN_NODE_LINKER", "node-modules");
                    env.put("YARN_ENABLE_GLOBAL_CACHE", "true");
                }
                yield env;
            }
        };
    }
}
