package dev.stoa.platform.control;

import dev.stoa.platform.base.Ids;
import dev.stoa.platform.build.BuildShell;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.InstanceSpec.SlugUse;
import dev.stoa.platform.engine.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Runs the commands of builds as instances, so that a build is as shut in and as limited as an app. */
public final class EngineBuildShell implements BuildShell {
    /** The build as a whole has a limit of its own, see {@link BuildPhase}. */
    private static final Duration COMMAND_MAX = Duration.ofHours(24);

    private final Engine engine;
    private final Ids ids;
    private final Limits limits;

    /** @param limits of each command of a build */
    public EngineBuildShell(Engine engine, Ids ids, Limits limits) {
        this.engine = engine;
        this.ids = ids;
        this.limits = limits;
    }

    @Override
    public String slugMount(Path slug) {
        return engine.slugMount(slug);
    }

    @Override
    public int run(Command command, Consumer<String> lines) throws InterruptedException {
        engine.own(command.slug(), command.tenant());
        engine.own(command.cache(), command.tenant());
        InstanceSpec spec = new InstanceSpec(
                "build-" + ids.next(),
                command.tenant(),
                command.slug(),
                SlugUse.IN_PLACE,
                engine.slugMount(command.slug()),
                command.script(),
                command.env(),
                command.readable(),
                List.of(command.cache()),
                limits,
                InstanceSpec.Net.SILENT);
        LineSplitter splitter = new LineSplitter(lines);
        try (BuildWatch watch = new BuildWatch(engine, spec.id(), command.slug())) {
            int status = new OneOff(engine)
                    .run(spec, COMMAND_MAX, splitter::accept)
                    .exit()
                    .status();
            splitter.end();
            watch.check();
            return status;
        }
    }
}
