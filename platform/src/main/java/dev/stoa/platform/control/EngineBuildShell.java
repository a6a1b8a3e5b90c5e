package dev.stoa.platform.control;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Ids;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.build.BuildShell;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.InstanceSpec.SlugUse;
import dev.stoa.platform.engine.Limits;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Runs the commands of builds as instances, so that a build is as shut in and as limited as an app. */
public final class EngineBuildShell implements BuildShell {
    /** The build as a whole has a limit of its own, see {@link BuildPhase}. */
    private static final Duration COMMAND_MAX = Duration.ofHours(24);

    private static final System.Logger LOG = System.getLogger(EngineBuildShell.class.getName());

    private final Engine engine;
    private final Ids ids;
    private final Limits limits;

    /** The slugs of builds that are on their way, in which all is their tenant's. */
    private final Set<Path> owned = ConcurrentHashMap.newKeySet();

    private final Map<Path, Thread> afterwards = new ConcurrentHashMap<>();

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
        if (owned.add(command.slug())) {
            engine.own(command.slug(), command.tenant());
            engine.own(command.cache(), command.tenant());
        }
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

    @Override
    public void written(Path slug) {
        owned.remove(slug);
    }

    @Override
    public void end(int tenant, Path slug, List<Command> commands) {
        if (!owned.remove(slug)) {
            engine.own(slug, tenant);
        }
        if (!commands.isEmpty()) {
            afterwards.put(slug, Threads.start("after-build-" + tenant, () -> runAll(slug, commands)));
        }
    }

    private void runAll(Path slug, List<Command> commands) {
        try {
            for (Command command : commands) {
                int status = run(command, line -> {});
                if (status != 0) {
                    LOG.log(
                            Level.INFO,
                            "a build could not keep all for the next one slug={0} status={1}",
                            slug,
                            status);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (StoaException e) {
            LOG.log(Level.INFO, "a build could not keep all for the next one slug=" + slug, e);
        } finally {
            owned.remove(slug);
        }
    }

    @Override
    public void settle(Path slug) throws InterruptedException {
        Thread thread = afterwards.remove(slug);
        if (thread == null) {
            return;
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            thread.interrupt();
            joinThoughInterrupted(thread);
            throw e;
        }
    }

    private static void joinThoughInterrupted(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
