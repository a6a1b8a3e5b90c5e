package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.security.SecureRandom;
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
            return new BucketTarget(
                    URI.create(endpoint.orElse("https://s3.%s.amazonaws.com".formatted(place))),
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
