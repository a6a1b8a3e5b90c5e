package dev.stoa.platform.control;

import dev.stoa.api.EdgeManifest;
import dev.stoa.api.EdgeManifest.Auth;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import dev.stoa.platform.router.EdgePolicy;
import dev.stoa.platform.router.edge.BasicAuth;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What the router is to do on its own for an app, of what its release says and what its user asked for. */
final class EdgePolicies {
    private final Home home;
    private final ReleaseStore releases;
    private final EdgeStore edges;

    /** By app, so that files are read once for each build. */
    private final Map<Integer, Pages> pages = new ConcurrentHashMap<>();

    private record Pages(String build, Map<String, String> texts) {}

    EdgePolicies(Home home, Stores stores) {
        this.home = home;
        this.releases = stores.releases();
        this.edges = stores.edges();
    }

    /** @param active the rollout that serves, and its build */
    EdgePolicy of(AppRow app, Optional<RolloutRow> active, Optional<BuildRow> build) {
        EdgeManifest manifest = build.map(row -> row.manifest().edge()).orElse(EdgeManifest.DEFAULT);
        boolean maintenance = edges.maintenanceSince(app.id()).isPresent();
        if (!maintenance && manifest.equals(EdgeManifest.DEFAULT)) {
            return EdgePolicy.NONE;
        }
        Optional<String> login = manifest.auth()
                .flatMap(auth -> active.flatMap(rollout -> releases.find(app.id(), rollout.version()))
                        .flatMap(release -> password(auth, release.config()))
                        .map(password -> BasicAuth.login(auth.user(), password)));
        return new EdgePolicy(
                manifest,
                login,
                maintenance,
                build.map(row -> pages(app, row)).orElse(Map.of()),
                active.map(rollout -> "v" + rollout.version()).orElse(""));
    }

    private Map<String, String> pages(AppRow app, BuildRow build) {
        if (build.manifest().edge().pages().isEmpty()) {
            return Map.of();
        }
        return pages.compute(
                        app.id(),
                        (_, before) -> before != null && before.build.equals(build.id())
                                ? before
                                : new Pages(build.id(), EdgePages.read(home.pages(app.name(), build.id()))))
                .texts;
    }

    private static Optional<String> password(Auth auth, Map<String, String> config) {
        return Optional.ofNullable(config.get(auth.passwordVar())).filter(value -> !value.isEmpty());
    }

    /**
     * Refuses a gate without a password: nobody would pass.
     *
     * @param config the config vars that count
     * @throws StoaException CONFIG_MISSING
     */
    static void check(AppRow app, EdgeManifest manifest, Map<String, String> config) {
        manifest.auth().filter(auth -> password(auth, config).isEmpty()).ifPresent(auth -> {
            throw new StoaException(
                    ErrorCode.CONFIG_MISSING,
                    "\"auth\" of [edge] in stoa.toml takes its password from the config var %s, which has no value"
                            .formatted(auth.passwordVar()),
                    "stoa config set %s=… -a %s".formatted(auth.passwordVar(), app.name()));
        });
    }
}
