package dev.stoa.platform.control;

import dev.stoa.api.Deploy;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitSource;
import dev.stoa.api.HookAnswer;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.GitStore.ConnectionRow;
import dev.stoa.platform.control.GitStore.DeliveryRow;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * Takes the events of forges. Whoever cannot sign them learns nothing, not even which apps there are, and nothing in an event
 * says where to fetch from: that was said when the app was connected.
 */
public final class Hooks {
    /** GitHub sends no more. */
    static final int BODY_BYTES_MAX = 25 << 20;

    private static final int SMALL_BODY_BYTES = 1 << 20;

    /** Anybody can send a body, so few large ones are held in memory at a time. */
    private static final int LARGE_BODIES_MAX = 2;

    private static final Duration LARGE_BODY_WAIT_MAX = Duration.ofSeconds(5);

    private final Stores stores;
    private final Deployments deployments;
    private final GitDeploys gitDeploys;
    private final InstantSource clock;
    private final Semaphore largeBodies = new Semaphore(LARGE_BODIES_MAX);

    Hooks(Stores stores, Deployments deployments, GitDeploys gitDeploys, InstantSource clock) {
        this.stores = stores;
        this.deployments = deployments;
        this.gitDeploys = gitDeploys;
        this.clock = clock;
    }

    /** @throws StoaException if it was not sent by the forge, or is not what a forge sends */
    HookAnswer receive(String app, Function<String, Optional<String>> headers, InputStream body)
            throws IOException, InterruptedException {
        Forge forge =
                Forge.of(headers).filter(sender -> sender.isSigned(headers)).orElseThrow(Hooks::notGenuine);
        byte[] first = body.readNBytes(SMALL_BODY_BYTES);
        if (first.length < SMALL_BODY_BYTES) {
            return take(app, forge, headers, first);
        }
        if (!largeBodies.tryAcquire(LARGE_BODY_WAIT_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new StoaException(
                    ErrorCode.TOO_BUSY, "other large events are being read just now", "deliver this one again later");
        }
        try {
            return take(app, forge, headers, whole(first, body));
        } finally {
            largeBodies.release();
        }
    }

    private static byte[] whole(byte[] first, InputStream rest) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream(2 * first.length);
        all.writeBytes(first);
        all.writeBytes(rest.readNBytes(BODY_BYTES_MAX - first.length + 1));
        if (all.size() > BODY_BYTES_MAX) {
            throw new StoaException(
                    ErrorCode.TOO_LARGE, "the event has more than %d MB".formatted(BODY_BYTES_MAX >> 20), "");
        }
        return all.toByteArray();
    }

    private static StoaException notGenuine() {
        return new StoaException(
                ErrorCode.UNAUTHORIZED,
                "there is no such webhook, or the signature of the event is wrong",
                "stoa git shows the URL and the secret of an app's webhook");
    }

    private HookAnswer take(String name, Forge forge, Function<String, Optional<String>> headers, byte[] body) {
        Optional<AppRow> app = stores.apps().find(name);
        Optional<ConnectionRow> connection =
                stores.git().connection(app.map(AppRow::id).orElse(-1));
        // For an unknown app, too, so that the time does not tell which there are.
        boolean genuine = forge.isGenuine(
                headers, body, connection.map(ConnectionRow::secret).orElse("no secret of any app, of its length."));
        if (!genuine || app.isEmpty() || connection.isEmpty()) {
            throw notGenuine();
        }
        JsonNode json = PushEvent.json(body, headers.apply("Content-Type").orElse(""));
        String event = forge.event(headers).toLowerCase(Locale.ROOT);
        if (event.equals("ping")) {
            return ignored("pong: the webhook of %s works".formatted(name));
        }
        boolean push = event.equals("push")
                || event.equals("push hook")
                || (event.equals("system hook")
                        && json.path("object_kind").asString("").equals("push"));
        if (!push) {
            return ignored("\"%s\" is not a push of a branch".formatted(cut(event)));
        }
        return push(app.get(), connection.get(), PushEvent.of(json), forge.delivery(headers), Forge.sha256(body));
    }

    private HookAnswer push(
            AppRow app, ConnectionRow connection, PushEvent push, Optional<String> delivery, byte[] bodyHash) {
        if (!push.isFrom(connection.source().url())) {
            throw new StoaException(
                    ErrorCode.OTHER_REPOSITORY,
                    "the push is one to %s, and %s is connected to %s"
                            .formatted(
                                    push.repositories().getFirst(),
                                    app.name(),
                                    connection.source().url()),
                    "if that is right: stoa git connect URL -a " + app.name());
        }
        if (!push.isBranch()) {
            return ignored("%s is not a branch".formatted(cut(push.ref())));
        }
        List<String> deployed =
                connection.source().ref().or(push::defaultBranch).map(List::of).orElse(List.of("main", "master"));
        if (!deployed.contains(push.branch())) {
            return ignored("%s is not the deployed branch, which is %s"
                    .formatted(cut(push.branch()), String.join(" or ", deployed)));
        }
        return push.commit()
                .map(commit -> deploy(app, connection, push.branch(), commit, delivery, bodyHash))
                .orElseGet(() -> ignored("%s was deleted; what it deployed serves on".formatted(push.branch())));
    }

    /** One after the other, so that of two alike one is the second. */
    private synchronized HookAnswer deploy(
            AppRow app,
            ConnectionRow connection,
            String branch,
            String commit,
            Optional<String> delivery,
            byte[] bodyHash) {
        GitStore git = stores.git();
        Optional<DeliveryRow> seen = git.delivery(app.id(), delivery, bodyHash)
                .or(() ->
                        git.lastDelivery(app.id()).filter(last -> last.commit().equals(commit) && !failed(last)));
        if (seen.isPresent()) {
            return new HookAnswer(
                    "seen",
                    "already seen: this push is deploy %s; to deploy it again: stoa deploy --git %s#%s -a %s"
                            .formatted(seen.get().deploy(), connection.source().url(), branch, app.name()),
                    Optional.of(seen.get().deploy()));
        }
        List<String> older = git.waitingPushes(app.id());
        GitSource source = new GitSource(connection.source().url(), Optional.of(commit));
        Deploy deploy = gitDeploys.submit(deployments, app, source, true);
        git.addDelivery(app.id(), delivery, bodyHash, new DeliveryRow(deploy.id(), commit), clock.instant());
        older.forEach(id -> deployments.supersede(app, id, deploy.id()));
        return new HookAnswer(
                "deploying",
                "%s of %s is deploy %s".formatted(commit.substring(0, 7), branch, deploy.id()),
                Optional.of(deploy.id()));
    }

    private boolean failed(DeliveryRow delivery) {
        return stores.deploys()
                .find(delivery.deploy())
                .map(row -> row.deploy().state())
                .filter(state -> state.equals("failed") || state.equals("cancelled"))
                .isPresent();
    }

    private static HookAnswer ignored(String detail) {
        return new HookAnswer("ignored", detail, Optional.empty());
    }

    private static String cut(String text) {
        return text.length() > 100 ? text.substring(0, 100) + "…" : text;
    }
}
