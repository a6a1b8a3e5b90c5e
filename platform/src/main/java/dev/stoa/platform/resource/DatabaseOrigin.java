package dev.stoa.platform.resource;

import dev.stoa.api.Json;
import java.time.Instant;
import java.util.Optional;

/**
 * What a database that does not begin empty is made of: another one, or a backup. It stands among the secrets until the
 * database is made, so that a platform that follows one which was killed makes it, too.
 *
 * @param fork  the number of the database that is copied
 * @param place of the backups that it is restored from
 * @param to    absent: all that there is
 * @param known everything that was committed until then is in the backups
 */
record DatabaseOrigin(Optional<Long> fork, Optional<BackupPlace> place, Optional<Instant> to, Optional<Instant> known) {
    static final String SECRET = "origin";

    static Optional<DatabaseOrigin> of(ResourceSpec spec) {
        return Optional.ofNullable(spec.secrets().get(SECRET)).map(json -> Json.read(json, DatabaseOrigin.class));
    }

    static DatabaseOrigin ofFork(long id) {
        return new DatabaseOrigin(Optional.of(id), Optional.empty(), Optional.empty(), Optional.empty());
    }

    String json() {
        return Json.write(this);
    }
}
