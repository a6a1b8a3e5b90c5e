package dev.stoa.platform.resource;

import dev.stoa.api.BucketRequests.Access;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.MemorySize;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import dev.stoa.platform.bucket.Bucket;
import dev.stoa.platform.bucket.BucketKey;
import dev.stoa.platform.bucket.ObjectServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Buckets: those that the platform keeps itself, and those at any place that speaks S3.
 *
 * <p>What is remembered of one as its secrets: {@code key} and {@code secret}, which open it and no other.
 */
public final class Buckets implements ResourceKind {
    public static final String NAME = "bucket";

    /** The name below the platform's domain that leads to the buckets, and so to no app. */
    public static final String HOST = ObjectServer.NAME;

    static final String PUBLIC = "public";
    static final String QUOTA = "quota";
    static final String CORS = "cors";
    public static final String KEY = "key";
    public static final String SECRET = "secret";

    /** The settings of one that is somewhere else. */
    private static final String ENDPOINT = "endpoint";

    private static final String BUCKET = "bucket";
    private static final String REGION = "region";

    private static final String NONE = "none";
    private static final List<String> SETTINGS = List.of(PUBLIC, QUOTA, CORS);
    private static final Pattern ORIGIN = Pattern.compile("\\*|https?://[A-Za-z0-9*.\\[\\]:_-]+");
    private static final Pattern BUCKET_NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}");
    private static final Pattern REGION_NAME = Pattern.compile("[a-z0-9-]{1,40}");

    private final ObjectServer server;
    private final String endpoint;
    private final Map<Long, Opened> opened = new ConcurrentHashMap<>();
    private volatile Runnable onChange = () -> {};

    /** @param tenants the apps that have it */
    private record Opened(String name, Set<Integer> tenants) {}

    /**
     * @param endpoint by which it is reached from apps and from browsers alike, through the router
     */
    public Buckets(ObjectServer server, String endpoint) {
        this.server = server;
        this.endpoint = endpoint;
    }

    /** Tells when other hosts lead to buckets. */
    public void onChange(Runnable listener) {
        onChange = listener;
    }

    /** Where the buckets are served, for the router. */
    public InetSocketAddress address() {
        return server.address();
    }

    /** The names by which they are asked for: one for all of them, and one for each. */
    public List<String> hosts() {
        List<String> hosts = new ArrayList<>(List.of(server.host()));
        host(endpoint).filter(host -> !hosts.contains(host)).ifPresent(hosts::add);
        opened.values().forEach(bucket -> hosts.add(bucket.name() + "." + server.host()));
        return hosts;
    }

    private static Optional<String> host(String url) {
        return Optional.ofNullable(URI.create(url).getHost());
    }

    /** Those that an app has to know. */
    public List<String> hosts(int app) {
        List<String> own = opened.values().stream()
                .filter(bucket -> bucket.tenants().contains(app))
                .map(bucket -> bucket.name() + "." + server.host())
                .sorted()
                .toList();
        return own.isEmpty()
                ? List.of()
                : Stream.concat(Stream.of(server.host()), own.stream()).toList();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, String> settle(Map<String, String> asked) {
        if (asked.containsKey(ENDPOINT)) {
            return asked;
        }
        for (String key : asked.keySet()) {
            if (!SETTINGS.contains(key)) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is not a setting of buckets".formatted(key),
                        Nearest.of(key, SETTINGS)
                                .map("did you mean \"%s\"?"::formatted)
                                .orElse("there are: " + String.join(", ", SETTINGS)));
            }
        }
        String open = asked.getOrDefault(PUBLIC, "false");
        if (!Set.of("true", "false").contains(open)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "public is true, so that everybody may read the bucket's objects, or false, and not \"%s\""
                            .formatted(open),
                    "for example: public = true");
        }
        String quota = asked.getOrDefault(QUOTA, NONE);
        if (!quota.equals(NONE) && MemorySize.parseBytes(quota).isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the quota \"%s\" is no amount of bytes".formatted(quota),
                    "for example: quota = \"10GB\"");
        }
        String cors = asked.getOrDefault(CORS, "");
        for (String origin : origins(cors)) {
            if (!ORIGIN.matcher(origin).matches()) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is not the origin of a web page".formatted(origin),
                        "for example: cors = [\"https://shop.example.com\"]; \"*\" stands for all");
            }
        }
        return Map.of(PUBLIC, open, QUOTA, quota, CORS, String.join(", ", origins(cors)));
    }

    private static List<String> origins(String cors) {
        return Stream.of(cors.split(",", -1))
                .map(String::strip)
                .filter(origin -> !origin.isEmpty())
                .toList();
    }

    @Override
    public void checkChange(ResourceSpec present, Map<String, String> wanted) {
        if (isExternal(present) && !present.settings().equals(wanted)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the bucket %s is at %s, and is set up there".formatted(present.name(), present.setting(ENDPOINT)),
                    "leave its settings out");
        }
    }

    public static boolean isExternal(ResourceSpec spec) {
        return spec.settings().containsKey(ENDPOINT);
    }

    /** The settings of a bucket that is somewhere else. */
    public static Map<String, String> external(String endpoint, String bucket, String region) {
        boolean url;
        try {
            URI uri = new URI(endpoint);
            url = ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getRawQuery() == null
                    && uri.getRawUserInfo() == null;
        } catch (URISyntaxException e) {
            url = false;
        }
        if (!url) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "\"%s\" is not the address of an S3 service".formatted(endpoint),
                    "for example: --endpoint https://s3.eu-central-1.amazonaws.com");
        }
        if (!BUCKET_NAME.matcher(bucket).matches()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST, "\"%s\" cannot be the name of a bucket".formatted(bucket), "");
        }
        if (!REGION_NAME.matcher(region).matches()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "\"%s\" cannot be a region".formatted(region),
                    "for example: --region eu-central-1");
        }
        return Map.of(ENDPOINT, endpoint.replaceFirst("/+$", ""), BUCKET, bucket, REGION, region);
    }

    @Override
    public Map<String, String> provision(ResourceSpec spec) {
        if (isExternal(spec)) {
            return spec.secrets();
        }
        Map<String, String> secrets = new HashMap<>(spec.secrets());
        if (!secrets.containsKey(KEY)) {
            BucketKey own = server.newKey();
            secrets.put(KEY, own.id());
            secrets.put(SECRET, own.secret());
        }
        open(new ResourceSpec(spec.id(), spec.name(), spec.settings(), secrets));
        return secrets;
    }

    private void open(ResourceSpec spec) {
        String quota = spec.setting(QUOTA);
        server.open(
                new Bucket(
                        spec.id(),
                        spec.name(),
                        Boolean.parseBoolean(spec.setting(PUBLIC)),
                        MemorySize.parseBytes(quota).map(OptionalLong::of).orElse(OptionalLong.empty()),
                        origins(spec.setting(CORS))),
                key(spec));
        opened.merge(
                spec.id(),
                new Opened(spec.name(), Set.of()),
                (known, fresh) -> new Opened(fresh.name(), known.tenants()));
        onChange.run();
    }

    @Override
    public void resume(ResourceSpec spec) {
        if (!isExternal(spec)) {
            open(spec);
        }
    }

    @Override
    public Inspection inspect(ResourceSpec spec) {
        return glance(spec);
    }

    @Override
    public Inspection glance(ResourceSpec spec) {
        if (isExternal(spec)) {
            return new Inspection("external", Optional.empty(), Map.of());
        }
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("url", endpoint + "/" + spec.name());
        facts.putAll(server.facts(spec.id()));
        return new Inspection("ready", Optional.empty(), facts);
    }

    @Override
    public Set<String> vars(Binding binding) {
        Set<String> names = new TreeSet<>(Set.of(binding.suffix() + "_BUCKET"));
        String prefix = binding.chief() ? "AWS_" : binding.suffix() + "_";
        for (String name : List.of("ENDPOINT_URL_S3", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION")) {
            names.add(prefix + name);
        }
        return names;
    }

    @Override
    public Map<String, String> bind(ResourceSpec spec, Binding binding) {
        BucketKey key = isExternal(spec) ? key(spec) : server.keyOf(binding.app());
        String prefix = binding.chief() ? "AWS_" : binding.suffix() + "_";
        return Map.of(
                binding.suffix() + "_BUCKET", bucket(spec),
                prefix + "ENDPOINT_URL_S3", endpoint(spec),
                prefix + "ACCESS_KEY_ID", key.id(),
                prefix + "SECRET_ACCESS_KEY", key.secret(),
                prefix + "REGION", region(spec));
    }

    /** As it is called where it is. */
    public String bucket(ResourceSpec spec) {
        return isExternal(spec) ? spec.setting(BUCKET) : spec.name();
    }

    public String endpoint(ResourceSpec spec) {
        return isExternal(spec) ? spec.setting(ENDPOINT) : endpoint;
    }

    public String region(ResourceSpec spec) {
        return isExternal(spec) ? spec.setting(REGION) : ObjectServer.REGION;
    }

    /** What a program needs to open it, without being an app's. */
    public Access access(ResourceSpec spec) {
        BucketKey key = key(spec);
        return new Access(endpoint(spec), region(spec), bucket(spec), key.id(), key.secret());
    }

    private BucketKey key(ResourceSpec spec) {
        return new BucketKey(spec.secret(KEY), spec.secret(SECRET));
    }

    /** A URL that lets whoever has it do one thing with one object for a while, with these headers. */
    public String presigned(
            ResourceSpec spec, String method, String object, Map<String, String> headers, Duration valid, Instant now) {
        return ObjectServer.presigned(
                endpoint(spec), region(spec), key(spec), method, bucket(spec), object, headers, valid, now);
    }

    /** A URL that gives a page of the list, as {@link ObjectServer#presignedList} has it. */
    public String presignedList(ResourceSpec spec, Map<String, String> query, Duration valid, Instant now) {
        return ObjectServer.presignedList(endpoint(spec), region(spec), key(spec), bucket(spec), query, valid, now);
    }

    /** The same with another key of its own; that of before opens it no more. */
    public ResourceSpec rotate(ResourceSpec spec) {
        refuseExternal(spec);
        BucketKey fresh = server.newKey();
        ResourceSpec rotated = spec.withSecret(KEY, fresh.id()).withSecret(SECRET, fresh.secret());
        open(rotated);
        return rotated;
    }

    private static void refuseExternal(ResourceSpec spec) {
        if (isExternal(spec)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the bucket %s is at %s, where its key was made".formatted(spec.name(), spec.setting(ENDPOINT)),
                    "change it there");
        }
    }

    /** Gives an app another key; the one of before works for an hour still. */
    public void rotate(int app) {
        server.rotateKeyOf(app);
    }

    /** Gives it what the bucket of that name had that was destroyed last. */
    public void revive(ResourceSpec spec, String name) {
        if (!server.revive(name, spec.id())) {
            throw new StoaException(
                    ErrorCode.RESOURCE_NOT_FOUND,
                    "there is no bucket \"%s\" that was destroyed in the last %d days"
                            .formatted(name, ObjectServer.KEPT.toDays()),
                    "");
        }
    }

    @Override
    public void admit(ResourceSpec spec, Set<Integer> tenants) {
        if (!isExternal(spec)) {
            server.admit(spec.id(), tenants);
            opened.put(spec.id(), new Opened(spec.name(), Set.copyOf(tenants)));
            onChange.run();
        }
    }

    @Override
    public Optional<String> backup(ResourceSpec spec) {
        return isExternal(spec)
                ? Optional.empty()
                : Optional.of("its objects, for %d days".formatted(ObjectServer.KEPT.toDays()));
    }

    @Override
    public Set<String> backedUpIn(ResourceSpec spec) {
        return isExternal(spec) ? Set.of() : BackupArchive.databases(server.keysEnding(spec.id(), BackupArchive.HEAD));
    }

    @Override
    public List<Kept> kept() {
        List<Kept> kept = new ArrayList<>();
        server.destroyed().forEach((name, at) -> kept.add(new Kept(name, at, at.plus(ObjectServer.KEPT))));
        return kept;
    }

    @Override
    public void destroy(ResourceSpec spec) {
        if (!isExternal(spec)) {
            server.destroy(spec.id());
            opened.remove(spec.id());
            onChange.run();
        }
    }

    @Override
    public void rest(List<ResourceSpec> specs) {}

    @Override
    public void close() {}
}
