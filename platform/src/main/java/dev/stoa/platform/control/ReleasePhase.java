package dev.stoa.platform.control;

import dev.stoa.api.AppSetup;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What runs once around a release: the commands that must go well before it takes traffic, and those that are due when it
 * serves.
 */
final class ReleasePhase {
    static final Duration COMMAND_MAX = Duration.ofMinutes(30);

    private final ReleaseStore releases;
    private final SetupStore setups;
    private final ReleaseCommands commands;
    private final InstantSource clock;

    ReleasePhase(Stores stores, ReleaseCommands commands, InstantSource clock) {
        this.releases = stores.releases();
        this.setups = stores.setups();
        this.commands = commands;
        this.clock = clock;
    }

    /** @throws StoaException RELEASE_COMMAND_FAILED; the release is not to serve then */
    void before(AppRow app, BuildRow build, ReleaseRow release, Consumer<String> say) throws InterruptedException {
        EdgePolicies.check(app, build.manifest().edge(), release.config());
        Optional<String> predeploy = setups.declared(build.id()).setup().predeployEach();
        if (predeploy.isPresent()) {
            before(app, build, release, "predeploy", predeploy.get(), say);
        }
        Optional<String> command =
                build.manifest().release().command().or(() -> build.slug().release());
        if (command.isPresent()) {
            before(app, build, release, "release", command.get(), say);
        }
    }

    private void before(
            AppRow app, BuildRow build, ReleaseRow release, String name, String command, Consumer<String> say)
            throws InterruptedException {
        say.accept("-----> Running the %s command: %s".formatted(name, command));
        Duration longest = build.manifest().release().timeout().orElse(COMMAND_MAX);
        Optional<String> problem = commands.run(app, release, build, name, command, longest, say);
        if (problem.isPresent()) {
            String serving = releases.active(app.id())
                    .map(active -> "; %s still serves".formatted(active.name()))
                    .orElse("");
            throw new StoaException(
                    ErrorCode.RELEASE_COMMAND_FAILED,
                    "the %s command of %s %s: %s".formatted(name, release.name(), problem.get(), command),
                    "its output stands above, and in: stoa logs source:%s.%s -a %s%s"
                            .formatted(name, release.name(), app.name(), serving));
        }
    }

    /**
     * The release serves whether or not this goes well. A command that fails has failed for this deploy; the one for a new
     * app runs again with the next, until it has once gone well.
     *
     * @param deploy whether code was deployed, and not only config changed
     */
    void after(AppRow app, boolean deploy, Consumer<String> say) {
        Optional<ReleaseRow> active = releases.active(app.id());
        if (active.isEmpty()) {
            return;
        }
        BuildRow build = releases.build(active.get().build());
        AppSetup setup = setups.declared(build.id()).setup();
        try {
            if (!setups.isSetUp(app.id())) {
                Optional<String> command = setup.postdeploy();
                if (command.isEmpty() || after(app, build, active.get(), "postdeploy", command.get(), say)) {
                    setups.setUp(app.id(), clock.instant());
                } else {
                    say.accept("       the next deploy runs it again");
                }
            }
            if (setup.postdeployEach().isPresent() && deploy) {
                after(
                        app,
                        build,
                        active.get(),
                        "dokku-postdeploy",
                        setup.postdeployEach().get(),
                        say);
            }
        } catch (InterruptedException e) {
            // The deploy is done, so there is nothing else to give up.
            say.accept("       WARNING: the command was ended; %s serves all the same"
                    .formatted(active.get().name()));
        }
    }

    private boolean after(
            AppRow app, BuildRow build, ReleaseRow release, String name, String command, Consumer<String> say)
            throws InterruptedException {
        say.accept("-----> Running the %s command: %s".formatted(name, command));
        Optional<String> problem;
        try {
            problem = commands.run(app, release, build, name, command, COMMAND_MAX, say);
        } catch (StoaException e) {
            problem = Optional.of("could not be started: " + e.message());
        }
        problem.ifPresent(what -> {
            say.accept(
                    "       WARNING: the %s command %s; %s serves all the same".formatted(name, what, release.name()));
            say.accept("       its output stays in: stoa logs source:%s -a %s".formatted(name, app.name()));
        });
        return problem.isEmpty();
    }
}
