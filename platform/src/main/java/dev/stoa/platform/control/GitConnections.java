package dev.stoa.platform.control;

import dev.stoa.api.AppName;
import dev.stoa.api.Deploy;
import dev.stoa.api.DeployKey;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitConnection;
import dev.stoa.api.GitSource;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.GitStore.ConnectionRow;
import dev.stoa.platform.control.GitStore.KeyRow;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Optional;

/** What users can do about the repositories that their apps come from. */
public final class GitConnections {
    private static final int SECRET_BYTES = 24;

    private final Stores stores;
    private final Deployments deployments;
    private final GitDeploys gitDeploys;
    private final Reconciler reconciler;
    private final SecureRandom random;
    private final InstantSource clock;

    GitConnections(
            Stores stores,
            Deployments deployments,
            GitDeploys gitDeploys,
            Reconciler reconciler,
            SecureRandom random,
            InstantSource clock) {
        this.stores = stores;
        this.deployments = deployments;
        this.gitDeploys = gitDeploys;
        this.reconciler = reconciler;
        this.random = random;
        this.clock = clock;
    }

    /** Puts a deploy from a repository into the queue; makes the app if there is none of the name. */
    Deploy deploy(String name, GitSource source, Optional<Integer> canary) {
        AppRow app = canary.isPresent() ? Canaries.require(stores, name, canary.get()) : appOrNew(name);
        return gitDeploys.submit(deployments, app, withKnownCredentials(app, source), false, canary);
    }

    /** So that the password of a connected repository need not be typed again. */
    private GitSource withKnownCredentials(AppRow app, GitSource source) {
        return stores.git()
                .connection(app.id())
                .map(connection -> connection.source().url())
                .filter(connected -> !source.url().hasCredentials()
                        && connected.hasCredentials()
                        && connected.toString().equals(source.url().toString()))
                .map(connected -> new GitSource(source.url().withCredentialsOf(connected), source.ref()))
                .orElse(source);
    }

    GitConnection show(String name) {
        AppRow app = stores.apps().require(name);
        return shown(app, connected(app));
    }

    /** Deploys the pushes of this repository from now on; makes the app if there is none of the name. */
    GitConnection connect(String name, GitSource source) {
        AppRow app = appOrNew(name);
        // Who knows the secret of one repository shall not sign for another.
        String secret = stores.git()
                .connection(app.id())
                .filter(before -> before.source().url().sameRepository(source.url()))
                .map(ConnectionRow::secret)
                .orElseGet(this::newSecret);
        stores.git().connect(app.id(), source, secret, clock.instant());
        return shown(app, connected(app));
    }

    private String newSecret() {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    void disconnect(String name) {
        AppRow app = stores.apps().require(name);
        if (!stores.git().disconnect(app.id())) {
            throw notConnected(app);
        }
    }

    DeployKey key(String name) {
        AppRow app = stores.apps().require(name);
        return shown(app, gitDeploys.key(app));
    }

    DeployKey rotateKey(String name) {
        AppRow app = stores.apps().require(name);
        return shown(app, gitDeploys.newKey(app, true));
    }

    private AppRow appOrNew(String name) {
        Optional<AppRow> made = stores.apps().create(new AppName(name), clock.instant());
        made.ifPresent(app -> reconciler.lookAgain(app.id()));
        return made.orElseGet(() -> stores.apps().require(name));
    }

    private ConnectionRow connected(AppRow app) {
        return stores.git().connection(app.id()).orElseThrow(() -> notConnected(app));
    }

    private static StoaException notConnected(AppRow app) {
        return new StoaException(
                ErrorCode.NOT_CONNECTED,
                "%s is connected to no repository".formatted(app.name()),
                "stoa git connect https://github.com/you/%s.git -a %s".formatted(app.name(), app.name()));
    }

    private GitConnection shown(AppRow app, ConnectionRow row) {
        return new GitConnection(
                app.name(),
                row.source().url().toString(),
                row.source().ref(),
                HookApi.path(app.name()),
                row.secret(),
                shown(app, gitDeploys.key(app)).publicKey(),
                row.createdAt());
    }

    private static DeployKey shown(AppRow app, KeyRow row) {
        return new DeployKey(
                app.name(), row.key().line("stoa-" + app.name()), row.key().fingerprint(), row.createdAt());
    }
}
