package dev.stoa.cli;

import dev.stoa.api.BucketRequests.Access;
import dev.stoa.api.BucketRequests.Add;
import dev.stoa.api.BucketRequests.Restore;
import dev.stoa.api.BucketRequests.Signed;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.api.StoaException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "bucket", description = "List the buckets. Files of apps, by the protocol of Amazon S3.")
final class BucketCommand implements Callable<Integer> {
    static final ResourceCommand.Kind KIND =
            new ResourceCommand.Kind("bucket", "bucket", List.of("objects", "size", "quota", "public"));

    private final Session session;

    private BucketCommand(Session session) {
        this.session = session;
    }

    /** With what can be done with one of them. */
    static CommandLine line(Session session) {
        CommandLine line = new CommandLine(new BucketCommand(session))
                .addSubcommand(new CreateOne(session))
                .addSubcommand(new AddOne(session))
                .addSubcommand(new BucketFilesCommands.ListObjects(session))
                .addSubcommand(new BucketCopyCommand(session))
                .addSubcommand(new Url(session))
                .addSubcommand(new CommandLine(new Keys(session)).addSubcommand(new Rotate(session)))
                .addSubcommand(new RestoreOne(session));
        return ResourceCommand.with(line, session, KIND, new DestroyOne(session));
    }

    static String path(Session session, String name, String what) {
        return Client.path("buckets", name) + "/" + what + ResourceCommand.asking(session);
    }

    @Override
    public Integer call() {
        return new ResourceCommand.ListAll(session, KIND).call();
    }

    @Command(description = "Destroy one that no app has, with its objects.")
    private static final class DestroyOne extends ResourceCommand.Destroy {
        @Option(
                names = "--with-backups-of",
                paramLabel = "DATABASE",
                description = "Also if it holds the backups of that database. May be repeated.")
        private List<String> backups = List.of();

        DestroyOne(Session session) {
            super(session, KIND);
        }

        @Override
        String query() {
            return backups.isEmpty() ? "" : "?backups=" + Client.escape(String.join(",", backups));
        }
    }

    @Command(name = "create", description = "Make a bucket. With -a APP, give it to that app.")
    static final class CreateOne extends NewResource {
        @Option(
                names = "--quota",
                paramLabel = "SIZE",
                description = "What its objects may have together, such as 10GB.")
        private Optional<String> quota = Optional.empty();

        @Option(names = "--public", description = "Everybody may read its objects.")
        private boolean open;

        @Option(
                names = "--cors",
                paramLabel = "ORIGIN",
                description = "A web page that may speak to it. May be repeated.")
        private List<String> cors = List.of();

        CreateOne(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Map<String, String> settings = new LinkedHashMap<>();
            quota.ifPresent(value -> settings.put("quota", value));
            if (open) {
                settings.put("public", "true");
            }
            if (!cors.isEmpty()) {
                settings.put("cors", String.join(",", cors));
            }
            return create(KIND, settings);
        }
    }

    @Command(name = "add", description = "Add a bucket that is somewhere else, at any service that speaks S3.")
    static final class AddOne extends NewResource {
        @Option(
                names = "--endpoint",
                paramLabel = "URL",
                required = true,
                description = "Such as https://s3.eu-central-1.amazonaws.com.")
        private String endpoint = "";

        @Option(names = "--bucket", paramLabel = "NAME", description = "As it is called there; the same unless told.")
        private Optional<String> bucket = Optional.empty();

        @Option(names = "--region", paramLabel = "REGION", description = "Such as eu-central-1; us-east-1 unless told.")
        private String region = "us-east-1";

        @Option(names = "--key", paramLabel = "ID", required = true, description = "The id of the access key.")
        private String key = "";

        @Option(
                names = "--secret",
                paramLabel = "SECRET",
                required = true,
                description = "Of the access key; - reads it from standard input.")
        private String secret = "";

        AddOne(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Optional<String> app = app();
            String given = secret.equals("-")
                    ? session.terminal().input().stream().findFirst().orElse("")
                    : secret;
            Changed added = session.client()
                    .post(
                            Client.path("buckets"),
                            new Add(name(), endpoint, bucket.orElse(name()), region, key, given, app, as()),
                            Changed.class);
            return ResourceCommand.report(session, added, "Added the bucket %s.".formatted(name()));
        }
    }

    @Command(
            name = "url",
            description = "Print a URL that lets whoever has it read an object for a while, or with --put write it.")
    static final class Url extends NamedResource {
        private static final Pattern TIME = Pattern.compile("(\\d{1,9})([smhd]?)");
        private static final Map<String, Integer> SECONDS = Map.of("", 1, "s", 1, "m", 60, "h", 3600, "d", 86_400);

        @Parameters(index = "1", paramLabel = "KEY", description = "Of the object.")
        private String key = "";

        @Option(names = "--put", description = "To write the object instead.")
        private boolean put;

        @Option(names = "--expires", paramLabel = "TIME", description = "Such as 10m; 1h unless told, 7d at most.")
        private String expires = "1h";

        Url(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Matcher time = TIME.matcher(expires);
            if (!time.matches()) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "\"%s\" is no time".formatted(expires), "for example: --expires 10m");
            }
            long seconds = Long.parseLong(time.group(1)) * SECONDS.getOrDefault(time.group(2), 1);
            String path = path(session, name(), "url");
            String query = "key=%s&method=%s&seconds=%d"
                    .formatted(URLEncoder.encode(key, StandardCharsets.UTF_8), put ? "PUT" : "GET", seconds);
            Signed signed = session.client().get(path + (path.contains("?") ? "&" : "?") + query, Signed.class);
            session.terminal().show(signed, () -> session.terminal().line(signed.url()));
            return 0;
        }
    }

    @Command(name = "keys", description = "Print what opens a bucket, as variables for the AWS tools.")
    static final class Keys implements Callable<Integer> {
        private final Session session;

        @Parameters(arity = "0..1", paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
        private String name = "";

        Keys(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            if (name.isEmpty()) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "no bucket was named", "for example: stoa bucket keys photos");
            }
            Access access = session.client().get(path(session, name, "access"), Access.class);
            Terminal terminal = session.terminal();
            terminal.show(access, () -> {
                terminal.line("export AWS_ENDPOINT_URL_S3=" + access.endpoint());
                terminal.line("export AWS_REGION=" + access.region());
                terminal.line("export AWS_DEFAULT_REGION=" + access.region());
                terminal.line("export AWS_ACCESS_KEY_ID=" + access.key());
                terminal.line("export AWS_SECRET_ACCESS_KEY=" + access.secret());
            });
            return 0;
        }
    }

    @Command(
            name = "rotate",
            description =
                    "Give a bucket another key; with -a APP, that app, for all its buckets, and a release with it."
                            + " An app's key of before works for an hour still.")
    static final class Rotate extends NamedResource {

        Rotate(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Optional<String> app = session.appNamed() ? session.namedApp() : Optional.empty();
            Changed changed = session.client()
                    .post(
                            Client.path("buckets", name()) + "/rotate"
                                    + app.map(named -> "?app=" + named).orElse(""),
                            Changed.class);
            return ResourceCommand.report(
                    session,
                    changed,
                    "%s has a new key."
                            .formatted(app.orElse(
                                    "The bucket " + changed.resource().name())));
        }
    }

    @Command(name = "restore", description = "Make a bucket with what one had that was destroyed in the last 30 days.")
    static final class RestoreOne implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "Of the bucket that was destroyed.")
        private String name = "";

        @Option(names = "--as", paramLabel = "NAME", description = "Of the new bucket; the same unless told.")
        private Optional<String> as = Optional.empty();

        RestoreOne(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            String into = as.orElse(name);
            Changed made =
                    session.client().post(Client.path("buckets", "restore"), new Restore(into, name), Changed.class);
            return ResourceCommand.report(session, made, "Restored the bucket %s.".formatted(into));
        }
    }
}
