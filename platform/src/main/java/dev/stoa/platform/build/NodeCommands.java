package dev.stoa.platform.build;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Runs the package manager and the app's scripts.
 *
 * @param manager the folder with the package manager's program, where that is not npm
 */
record NodeCommands(NodeTools tools, NodePackages packages, Optional<Path> manager) {
    /** A script of package.json, if there is one. */
    void script(PackageJson app, String name) throws InterruptedException {
        if (app.script(name).isEmpty()) {
            return;
        }
        Map<String, String> env = new HashMap<>(Map.of("NODE_ENV", "production"));
        if (app.needs("@sveltejs/adapter-auto")) {
            // It takes the adapter for a Node.js server only where it believes to be on a host that wants one.
            env.put("GCP_BUILDPACKS", "stoa");
        }
        run(packages.runCommand(name), env);
    }

    void run(String command, Map<String, String> more) throws InterruptedException {
        BuildContext context = tools.context();
        Map<String, String> env = tools.env(first());
        env.putAll(packages.env(context, context.source()));
        env.putAll(more);
        context.run(command, command, env, tools.readable(), packages.known());
        for (String cache :
                Stream.of("npm", packages.kind().program()).distinct().toList()) {
            DependencyCache.boundDownloads(context, context.cache(cache));
        }
    }

    Map<String, String> runtimeEnv() {
        BuildContext context = tools.context();
        Map<String, String> env = new HashMap<>(Map.of("PATH", tools.path(first()), "NODE_ENV", "production"));
        if (packages.isPlugAndPlay(context.source())) {
            env.put("NODE_OPTIONS", "--require %s/.pnp.cjs".formatted(context.mount()));
        }
        return env;
    }

    private Stream<String> first() {
        return Stream.concat(
                Stream.of(tools.context().mount() + "/node_modules/.bin"), manager.map(Path::toString).stream());
    }
}
