package dev.stoa.cli;

import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Follows a deploy, or any other change of an app, to its end. Ctrl-C asks the platform to cancel it. */
final class DeployStream {
    private final Client client;
    private final Terminal terminal;
    private final Deploy deploy;

    DeployStream(Client client, Terminal terminal, Deploy deploy) {
        this.client = client;
        this.terminal = terminal;
        this.deploy = deploy;
    }

    /** Gives each line to {@code lines} as it comes; throws when the deploy does not end well. */
    DeployEvent.End follow(Consumer<String> lines) {
        AtomicBoolean cancelled = new AtomicBoolean();
        try (OnInterrupt _ = new OnInterrupt(() -> {
            cancelled.set(true);
            cancel();
        })) {
            DeployEvent.End end = end(line -> {
                if (!cancelled.get()) {
                    lines.accept(line);
                }
            });
            if (cancelled.get()) {
                return end;
            }
            return succeeded(end);
        }
    }

    private DeployEvent.End end(Consumer<String> lines) {
        try (Lines<DeployEvent> events =
                client.lines(Client.path("apps", deploy.app(), "deploys", deploy.id(), "events"), DeployEvent.class)) {
            Optional<DeployEvent> event = events.next();
            while (event.isPresent()) {
                switch (event.get()) {
                    case DeployEvent.Line line -> lines.accept(line.text());
                    case DeployEvent.End end -> {
                        return end;
                    }
                }
                event = events.next();
            }
            throw lost("the platform ended the stream early");
        } catch (StoaException e) {
            if (e.code() == ErrorCode.CONNECTION_LOST || e.code() == ErrorCode.NO_PLATFORM) {
                throw lost(e.message());
            }
            throw e;
        }
    }

    private StoaException lost(String why) {
        return new StoaException(
                ErrorCode.CONNECTION_LOST,
                "lost sight of the %s of %s (%s): %s".formatted(deploy.kind(), deploy.app(), deploy.id(), why),
                "it may still go on; to see how it stands: stoa deploys -a " + deploy.app());
    }

    private DeployEvent.End succeeded(DeployEvent.End end) {
        Deploy ended = end.deploy();
        return switch (ended.state()) {
            case "done" -> end;
            case "cancelled" ->
                throw new StoaException(
                        ErrorCode.CANCELLED,
                        "the %s of %s was cancelled".formatted(ended.kind(), ended.app()),
                        "what ran before still runs");
            default -> throw Client.exception(ended.problem().orElseGet(() -> unexplained(ended)));
        };
    }

    private static Problem unexplained(Deploy ended) {
        return new Problem(
                ErrorCode.INTERNAL.code(),
                ErrorCode.INTERNAL.status(),
                "the %s of %s ended as %s".formatted(ended.kind(), ended.app(), ended.state()),
                "stoa logs -a " + ended.app() + " may say more");
    }

    private void cancel() {
        terminal.note("");
        terminal.note("Cancelling the %s of %s…".formatted(deploy.kind(), deploy.app()));
        try {
            Deploy after =
                    client.post(Client.path("apps", deploy.app(), "deploys", deploy.id(), "cancel"), Deploy.class);
            if (after.state().equals("done")) {
                terminal.note("Too late: it is done%s."
                        .formatted(after.release().map(r -> ", " + r).orElse("")));
                return;
            }
            terminal.error(new StoaException(
                            ErrorCode.CANCELLED,
                            "the %s of %s was cancelled".formatted(deploy.kind(), deploy.app()),
                            "what ran before still runs")
                    .problem());
        } catch (StoaException e) {
            terminal.error(e.problem());
        }
    }
}
