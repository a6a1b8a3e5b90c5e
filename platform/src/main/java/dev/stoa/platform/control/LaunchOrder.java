package dev.stoa.platform.control;

import dev.stoa.api.Manifest.ProcessManifest;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.InstanceSpec.Mount;
import dev.stoa.platform.engine.InstanceSpec.SlugUse;
import dev.stoa.platform.engine.Limits;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Says what exactly the engine is to run for an instance of a release. */
final class LaunchOrder {
    /** The process type that gets a port and the requests of the world. */
    static final String WEB = "web";

    /** The process type of commands that somebody runs. */
    static final String RUN = "run";

    private final Limits defaults;
    private final Function<AppRow, List<String>> names;
    private final Function<AppRow, Map<String, String>> managed;
    private final Mounts mounts;

    /**
     * @param defaults what an instance may use where its manifest does not say
     * @param names    the internal names that lead somewhere for an app
     * @param managed  the config vars that an app has from its resources
     * @param mounts   what an app has of volumes
     */
    LaunchOrder(
            Limits defaults,
            Function<AppRow, List<String>> names,
            Function<AppRow, Map<String, String>> managed,
            Mounts mounts) {
        this.defaults = defaults;
        this.names = names;
        this.managed = managed;
        this.mounts = mounts;
    }

    /** What stands at paths of its own in an instance of a process type; a name of no type is a command's. */
    interface Mounts {
        List<Mount> of(AppRow app, BuildRow build, String type);
    }

    InstanceSpec instance(String id, AppRow app, ReleaseRow release, BuildRow build, Slot slot) {
        return spec(
                id,
                app,
                release,
                build,
                slot.process(),
                slot.name(),
                build.slug().command(slot.process()));
    }

    /** A command that runs once, in the release's slug and environment. */
    InstanceSpec oneOff(String id, AppRow app, ReleaseRow release, BuildRow build, String command) {
        return spec(id, app, release, build, "run", "run." + id, command);
    }

    /** A command that somebody runs in the release's slug and environment: {@code run.ID}. */
    InstanceSpec run(String id, AppRow app, ReleaseRow release, BuildRow build, String command) {
        return spec(RUN + "-" + id, app, release, build, RUN, RUN + "." + id, command);
    }

    /** A run of a scheduled job. A name with a dot is no process type, so that it gets neither a port nor limits of one. */
    InstanceSpec cron(String id, AppRow app, ReleaseRow release, BuildRow build, String name, String command) {
        return spec(id, app, release, build, "cron." + name, "cron." + name, command);
    }

    /** The config vars of a release's instances: those of resources are what they are now, whenever the release was made. */
    Map<String, String> config(AppRow app, ReleaseRow release) {
        Map<String, String> config = new HashMap<>(release.config());
        config.putAll(managed.apply(app));
        return config;
    }

    private InstanceSpec spec(
            String id, AppRow app, ReleaseRow release, BuildRow build, String process, String name, String command) {
        Map<String, String> env = new HashMap<>(build.slug().env());
        env.putAll(build.manifest().env());
        env.putAll(config(app, release));
        env.put("STOA_APP", app.name());
        env.put("STOA_RELEASE", release.name());
        env.put("STOA_INSTANCE", name);
        return new InstanceSpec(
                id,
                app.id(),
                build.slug().root(),
                SlugUse.EPHEMERAL,
                build.slug().mount(),
                command,
                env,
                build.slug().readable(),
                List.of(),
                limits(build.manifest().process(process)),
                new InstanceSpec.Net(process.equals(WEB), build.manifest().port(), names.apply(app)),
                mounts.of(app, build, process));
    }

    private Limits limits(ProcessManifest manifest) {
        return new Limits(
                manifest.memoryBytes().orElse(defaults.memoryBytes()),
                manifest.cpu().orElse(defaults.cpus()),
                defaults.processes());
    }
}
