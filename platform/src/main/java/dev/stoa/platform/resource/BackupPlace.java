package dev.stoa.platform.resource;

import dev.stoa.api.BackupRequests;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Where the backups of one database are, and what they are encrypted with. A secret as a whole.
 *
 * @param archive   the folder of this database's
 * @param key       as {@link BackupKey} has it
 * @param to        a folder, or {@code s3://bucket/prefix}
 * @param endpoint  of an S3 server that is not Amazon's
 * @param region    of the bucket
 * @param accessKey for the bucket
 * @param secretKey for the bucket
 */
public record BackupPlace(
        String archive,
        String key,
        String to,
        Optional<String> endpoint,
        Optional<String> region,
        Optional<String> accessKey,
        Optional<String> secretKey) {
    /** By which it is found among the secrets of a database. */
    static final String SECRET = "backup";

    private static final String BUCKET_SCHEME = "s3://";

    /** One of its own: a database that has the name of an earlier one does not write among that one's backups. */
    static BackupPlace fresh(String database, Path folder, SecureRandom random) {
        return new BackupPlace(
                "%s-%s".formatted(database, HexFormat.of().toHexDigits(random.nextInt())),
                BackupKey.random(random).text(),
                folder.toString(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /**
     * One that was made elsewhere.
     *
     * @param place   where several databases may have theirs, or the folder of one
     * @param archive which it is; absent if there is one alone
     */
    public static BackupPlace found(BackupRequests.Place place, String key, Optional<String> archive) {
        BackupPlace whole = new BackupPlace(
                archive.orElse(""),
                BackupKey.parse(key).text(),
                place.to().replaceAll("(?<=.)/+$", ""),
                place.endpoint(),
                place.region(),
                place.accessKey(),
                place.secretKey());
        if (archive.isPresent()) {
            return whole;
        }
        List<String> ids;
        try {
            ids = BackupArchive.idsIn(whole.target());
            int slash = whole.to().lastIndexOf('/');
            if (ids.isEmpty() && slash > 0) {
                String id = whole.to().substring(slash + 1);
                BackupPlace above = whole.at(whole.to().substring(0, slash), id);
                if (BackupArchive.idsIn(above.target()).contains(id)) {
                    return above;
                }
            }
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s cannot be read: %s".formatted(place.to(), e.getMessage()),
                    "see that the place is there, and that the platform may read it",
                    e);
        }
        if (ids.size() != 1) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    ids.isEmpty()
                            ? "there are no backups in %s".formatted(place.to())
                            : "there are backups of %d databases in %s".formatted(ids.size(), place.to()),
                    ids.isEmpty()
                            ? "name the folder that has those of the databases in it, or that of one database"
                            : "say which, with --archive: " + String.join(", ", ids));
        }
        return whole.at(whole.to(), ids.getFirst());
    }

    /** Another one at the same place, of a key of its own. */
    BackupPlace another(String database, SecureRandom random) {
        BackupPlace fresh = fresh(database, Path.of("/"), random);
        return new BackupPlace(fresh.archive(), fresh.key(), to, endpoint, region, accessKey, secretKey);
    }

    private BackupPlace at(String place, String id) {
        return new BackupPlace(id, key, place, endpoint, region, accessKey, secretKey);
    }

    static Optional<BackupPlace> of(ResourceSpec spec) {
        return Optional.ofNullable(spec.secrets().get(SECRET)).map(json -> Json.read(json, BackupPlace.class));
    }

    String json() {
        return Json.write(this);
    }

    BackupArchive open() {
        return new BackupArchive(target(), archive, BackupKey.parse(key));
    }

    /** @throws StoaException BAD_REQUEST if there can be no such place */
    BackupTarget target() {
        if (to.startsWith(BUCKET_SCHEME)) {
            return bucket();
        }
        try {
            Path folder = Path.of(to);
            if (!folder.isAbsolute()) {
                throw bad("it is no absolute path");
            }
            if (Files.exists(folder) && !Files.isDirectory(folder)) {
                throw bad("it is a file");
            }
            return new FolderTarget(folder);
        } catch (InvalidPathException e) {
            throw bad(String.valueOf(e.getMessage()));
        }
    }

    private BackupTarget bucket() {
        String[] parts = to.substring(BUCKET_SCHEME.length()).split("/", 2);
        if (parts[0].isEmpty() || !parts[0].matches("[a-z0-9][a-z0-9.-]{1,62}")) {
            throw bad("it names no bucket");
        }
        String place = region.orElse("us-east-1");
        try {
            URI server = URI.create(endpoint.orElse("https://s3.%s.amazonaws.com".formatted(place)));
            if (server.getHost() == null || !String.valueOf(server.getScheme()).matches("https?")) {
                throw bad("the endpoint \"%s\" is no URL of a server".formatted(server));
            }
            return new BucketTarget(
                    server,
                    parts[0],
                    parts.length < 2 || parts[1].isEmpty() ? "" : parts[1].replaceAll("/+$", "") + "/",
                    new SignedRequest(
                            place,
                            accessKey.orElseThrow(() -> bad("an access key is missing")),
                            secretKey.orElseThrow(() -> bad("a secret key is missing"))));
        } catch (IllegalArgumentException e) {
            throw bad(String.valueOf(e.getMessage()));
        }
    }

    private StoaException bad(String why) {
        return new StoaException(
                ErrorCode.BAD_REQUEST,
                "backups cannot go to \"%s\": %s".formatted(to, why),
                "for example: /mnt/backups, or s3://bucket/folder with --access-key, --secret-key and, if need be, --endpoint");
    }
}
