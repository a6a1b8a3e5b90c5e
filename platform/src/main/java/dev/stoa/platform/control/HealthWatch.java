package dev.stoa.platform.control;

import dev.stoa.platform.base.Threads;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.HealthCheck;
import dev.stoa.platform.engine.InstanceStatus;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Finds out when an instance is up. One that listens is up when its health check passes; one that does not is up when it
 * has run for {@link #SETTLED_AFTER} without an exit.
 */
final class HealthWatch {
    static final Duration SETTLED_AFTER = Duration.ofSeconds(2);

    /** The first looks are close together, as most apps answer within a second. */
    private static final Duration LOOK_FIRST = Duration.ofMillis(10);

    private static final Duration LOOK_LAST = Duration.ofMillis(500);

    private final Engine engine;
    private final Map<String, Boolean> upById = new ConcurrentHashMap<>();
    private final Set<String> presumed = ConcurrentHashMap.newKeySet();

    HealthWatch(Engine engine) {
        this.engine = engine;
    }

    boolean isUp(String instance) {
        return upById.getOrDefault(instance, false);
    }

    Set<String> up() {
        return upById.entrySet().stream()
                .filter(Map.Entry::getValue)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** Somebody who watched before found these up: they are from the first look at them. */
    void presumeUp(Set<String> instances) {
        presumed.addAll(instances);
    }

    boolean watches(String instance) {
        return upById.containsKey(instance);
    }

    /** Watches until the instance is up, tells it then, or until it is gone. Watching twice does nothing. */
    void watch(String instance, Optional<String> path, Consumer<String> onUp) {
        boolean known = presumed.remove(instance);
        if (upById.putIfAbsent(instance, known) == null && !known) {
            Threads.start("health-" + instance, () -> {
                if (awaitUp(instance, path) && upById.replace(instance, false, true)) {
                    onUp.accept(instance);
                }
            });
        }
    }

    void forget(String instance) {
        upById.remove(instance);
    }

    private boolean awaitUp(String instance, Optional<String> path) {
        try {
            Duration pause = LOOK_FIRST;
            while (upById.containsKey(instance)) {
                Optional<InstanceStatus> status = engine.instance(instance).filter(InstanceStatus::running);
                if (status.isEmpty()) {
                    return false;
                }
                Optional<InetSocketAddress> address = status.get().address();
                if (address.isEmpty()) {
                    Thread.sleep(SETTLED_AFTER);
                    return engine.instance(instance)
                            .map(InstanceStatus::running)
                            .orElse(false);
                }
                if (HealthCheck.passes(address.get(), path) && listensItself(instance, address.get())) {
                    return true;
                }
                Thread.sleep(pause);
                pause = pause.multipliedBy(3).dividedBy(2);
                pause = pause.compareTo(LOOK_LAST) < 0 ? pause : LOOK_LAST;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    /** That something answers at the address does not say that it is this instance. */
    private boolean listensItself(String instance, InetSocketAddress address) {
        List<String> listening = engine.listening(instance);
        return listening.isEmpty() || listening.stream().anyMatch(at -> at.endsWith(":" + address.getPort()));
    }
}
