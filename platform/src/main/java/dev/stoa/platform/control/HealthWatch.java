package dev.stoa.platform.control;

import dev.stoa.api.AppProtocol;
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

    /** Looks are a fortieth of the time so far apart: an app that is up quickly is not kept waiting, for little work. */
    private static final int LOOKS = 40;

    private static final Duration PAUSE_MIN = Duration.ofMillis(1);
    private static final Duration PAUSE_MAX = Duration.ofMillis(500);

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
    void watch(String instance, Optional<String> path, AppProtocol protocol, Consumer<String> onUp) {
        boolean known = presumed.remove(instance);
        if (upById.putIfAbsent(instance, known) == null && !known) {
            Threads.start("health-" + instance, () -> {
                if (awaitUp(instance, path, protocol) && upById.replace(instance, false, true)) {
                    onUp.accept(instance);
                }
            });
        }
    }

    void forget(String instance) {
        upById.remove(instance);
    }

    private boolean awaitUp(String instance, Optional<String> path, AppProtocol protocol) {
        try {
            long startNanos = System.nanoTime();
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
                if (HealthCheck.passes(address.get(), path, protocol) && listensItself(instance, address.get())) {
                    return true;
                }
                long pauseNanos = (System.nanoTime() - startNanos) / LOOKS;
                Thread.sleep(Duration.ofNanos(Math.clamp(pauseNanos, PAUSE_MIN.toNanos(), PAUSE_MAX.toNanos())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    /** That something answers at an address of the machine, which all share, does not say that it is this instance. */
    private boolean listensItself(String instance, InetSocketAddress address) {
        if (!address.getAddress().isLoopbackAddress()) {
            return true;
        }
        List<String> listening = engine.listening(instance);
        return listening.isEmpty() || listening.stream().anyMatch(at -> at.endsWith(":" + address.getPort()));
    }
}
