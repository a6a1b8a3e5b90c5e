package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.observe.LogCollector;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Says why a release did not come up: what its instance did, what it listened on, and what it said last. */
final class FailureReport {
    /** Node.js puts what is wrong above its stack and its own last words. */
    private static final int LAST_LINES = 30;

    private final Engine engine;
    private final ReleaseStore releases;

    FailureReport(Engine engine, Stores stores) {
        this.engine = engine;
        this.releases = stores.releases();
    }

    private static boolean isLoopback(String address) {
        return address.startsWith("127.") || address.startsWith("[::1]");
    }

    Problem explain(AppRow app, RolloutRow rollout, Plan.Fail fail) {
        Optional<InstanceStatus> culprit = fail.culprit().flatMap(engine::instance);
        StringBuilder detail = new StringBuilder("v%d: %s".formatted(rollout.version(), fail.why()));
        String hint = "stoa logs -a " + app.name();
        if (culprit.isPresent()
                && culprit.get().running()
                && culprit.get().address().isPresent()) {
            int port = culprit.get().address().get().getPort();
            List<String> listening = engine.listening(culprit.get().id());
            detail.append("; it is to listen on port %d (PORT, or port in stoa.toml) and ".formatted(port));
            if (listening.isEmpty()) {
                detail.append("listens on nothing");
                hint = "make the app listen on the port that the environment variable PORT names";
            } else if (listening.stream().noneMatch(at -> at.endsWith(":" + port))) {
                detail.append("listens on ").append(String.join(", ", listening));
                hint = "make the app listen on the port that the environment variable PORT names, not on one of its own"
                        + listening.stream()
                                .filter(at -> !isLoopback(at))
                                .findFirst()
                                .map(at -> "; or say so in the first line of stoa.toml:  port = "
                                        + at.substring(at.lastIndexOf(':') + 1))
                                .orElse("");
            } else if (listening.stream().allMatch(at -> !at.endsWith(":" + port) || isLoopback(at))
                    && !culprit.get().address().get().getAddress().isLoopbackAddress()) {
                detail.append("listens there, but only for itself, on ").append(String.join(", ", listening));
                hint = "make the app listen on all addresses: host 0.0.0.0, not localhost or 127.0.0.1";
            } else {
                detail.append("listens there, but its health check did not pass");
                hint = "see which path [processes.web] health names in stoa.toml, and what it answers";
            }
        }
        List<String> said = culprit.map(status -> LogCollector.tail(status.output(), LAST_LINES))
                .orElse(List.of());
        Optional<String> start =
                culprit.flatMap(InstanceStatus::exit).flatMap(exit -> StartHint.of(exit.status(), said));
        if (!said.isEmpty()) {
            Redaction redaction = new Redaction(releases.find(app.id(), rollout.version())
                    .map(ReleaseStore.ReleaseRow::config)
                    .orElse(Map.of()));
            detail.append("\nthe last it said:\n");
            detail.append(
                    said.stream().map(line -> "  " + redaction.apply(line)).collect(Collectors.joining("\n")));
        }
        String serving = releases.active(app.id())
                .map(active -> "%s serves on; ".formatted(active.name()))
                .orElse("");
        return new StoaException(ErrorCode.NOT_HEALTHY, detail.toString(), serving + start.orElse(hint)).problem();
    }
}
