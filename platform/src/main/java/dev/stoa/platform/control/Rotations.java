package dev.stoa.platform.control;

import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.ResourceStore.AttachmentRow;
import dev.stoa.platform.control.ResourceStore.ResourceRow;
import dev.stoa.platform.resource.Databases;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;

/**
 * Gives databases new passwords without an interruption: a second login is made, the apps get releases with it, and the login
 * of before goes when no instance is left that was started with it.
 */
final class Rotations {
    private static final System.Logger LOG = System.getLogger(Rotations.class.getName());
    private static final Duration LOOK = Duration.ofSeconds(2);

    private static final Instant NOT_YET = Instant.parse("9999-12-31T00:00:00Z");

    /** The secret that says when. */
    private static final String ROTATED_AT = "rotatedAt";

    private final Resources resources;
    private final ResourceStore store;
    private final InstanceStore instances;
    private final Databases databases;
    private final InstantSource clock;
    private volatile boolean closed;

    Rotations(Resources resources, Stores stores, Databases databases, InstantSource clock) {
        this.resources = resources;
        this.store = stores.resources();
        this.instances = stores.instances();
        this.databases = databases;
        this.clock = clock;
    }

    /** Goes on with those that a platform that was stopped has left. */
    void start() {
        for (ResourceRow row : store.all()) {
            if (isUnderWay(row)) {
                if (row.spec().secret(ROTATED_AT).equals(NOT_YET.toString())) {
                    ResourceRow _ = stamped(row);
                }
                lookLater(row.id());
            }
        }
    }

    private static boolean isUnderWay(ResourceRow row) {
        return row.kind().equals(Databases.NAME)
                && !row.secrets().getOrDefault(Databases.RETIRED, "").isEmpty();
    }

    Changed rotate(String name, Optional<String> app) {
        ResourceRow row = Resources.ready(resources.require(Databases.NAME, name, app));
        ResourceRow known =
                resources.changeSecrets(row, spec -> databases.rotate(spec).withSecret(ROTATED_AT, NOT_YET.toString()));
        // Only from here on is an instance that starts sure to have the new one.
        ResourceRow rotated = stamped(known);
        Changed changed = resources.rollOut(rotated, "Rotate the password of");
        lookLater(row.id());
        return changed;
    }

    private ResourceRow stamped(ResourceRow row) {
        return resources.changeSecrets(
                row, spec -> spec.withSecret(ROTATED_AT, clock.instant().toString()));
    }

    private void lookLater(long id) {
        ScheduledFuture<?> _ = Threads.after(LOOK, "rotation", () -> {
            if (closed) {
                return;
            }
            try {
                store.find(id).filter(Rotations::isUnderWay).ifPresent(this::look);
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "cannot end the rotation of a password yet resource=" + id, e);
                lookLater(id);
            }
        });
    }

    private void look(ResourceRow row) {
        Instant rotatedAt = Instant.parse(row.spec().secret(ROTATED_AT));
        boolean used = store.ofResource(row.id()).stream()
                .map(AttachmentRow::app)
                .anyMatch(app -> instances.all(app).stream()
                        .anyMatch(instance -> instance.exitedAt().isEmpty()
                                && instance.startedAt().isBefore(rotatedAt)));
        if (used) {
            lookLater(row.id());
            return;
        }
        ResourceRow _ = resources.changeSecrets(row, databases::revoke);
    }

    void close() {
        closed = true;
    }
}
