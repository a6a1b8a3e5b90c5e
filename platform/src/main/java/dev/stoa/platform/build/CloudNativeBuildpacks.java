package dev.stoa.platform.build;

import dev.stoa.platform.build.cnb.CloudNativeBuild;
import dev.stoa.platform.build.cnb.Workbench;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Hands an app over to the Cloud Native Buildpacks that its {@code stoa.toml} names. */
final class CloudNativeBuildpacks implements Buildpack {
    private static final String CACHE = "cnb";

    private final List<String> own;

    /** @param own names of Stoa's own buildpacks */
    CloudNativeBuildpacks(List<String> own) {
        this.own = List.copyOf(own);
    }

    @Override
    public String name() {
        return "cloud-native";
    }

    @Override
    public String looksFor() {
        return "buildpacks under [build] in stoa.toml";
    }

    @Override
    public boolean detects(SourceFolder source) {
        return !source.manifest().build().buildpacks().isEmpty();
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        CloudNativeBuild.Built built = new CloudNativeBuild(new Bench(context), own)
                .build(context.source().manifest().build().buildpacks());
        context.written();
        return new Built(built.processes(), built.env(), List.of());
    }

    @Override
    public String started(String type, String command) {
        return CloudNativeBuild.command(type, command);
    }

    private record Bench(BuildContext context) implements Workbench {
        @Override
        public Path app() {
            return context.source().root();
        }

        @Override
        public String mount() {
            return context.mount();
        }

        @Override
        public Path cache() {
            return context.cache(CACHE);
        }

        @Override
        public String path() {
            return BuildEnvironment.SYSTEM_PATH;
        }

        @Override
        public Map<String, String> config() {
            return context.config();
        }

        @Override
        public int status(String script, Map<String, String> env) throws InterruptedException {
            return commands().status(script, env);
        }

        @Override
        public void run(String what, String script, Map<String, String> env) throws InterruptedException {
            commands().run(what, script, env, List.of());
        }

        @Override
        public boolean attempt(String script) throws InterruptedException {
            return commands().attempt(script);
        }

        /** Between two of them the platform writes its part of the contract into the slug. */
        private BuildContext commands() {
            context.written();
            return context.withoutConfig();
        }

        @Override
        public void step(String text) {
            context.step(text);
        }

        @Override
        public void detail(String text) {
            context.detail(text);
        }
    }
}
