package dev.stoa.platform.control;

import dev.stoa.api.BucketRequests.Access;
import dev.stoa.api.BucketRequests.Add;
import dev.stoa.api.BucketRequests.Restore;
import dev.stoa.api.BucketRequests.Signed;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.api.ResourceRequests.Create;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ResourceStore.ResourceRow;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import dev.stoa.platform.resource.Buckets;
import dev.stoa.platform.resource.ResourceSpec;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;

/** The endpoints of buckets, beside those that all resources have. */
public final class BucketApi {
    private static final Duration LIST_VALID = Duration.ofMinutes(10);
    private static final Duration VALID = Duration.ofHours(1);
    private static final Duration VALID_MAX = Duration.ofDays(7);

    private final Resources resources;
    private final AppStore apps;
    private final Buckets buckets;
    private final InstantSource clock;

    BucketApi(Resources resources, AppStore apps, Buckets buckets, InstantSource clock) {
        this.resources = resources;
        this.apps = apps;
        this.buckets = buckets;
        this.clock = clock;
    }

    public List<Endpoint> endpoints() {
        String one = "/v1/buckets/{name}";
        return List.of(
                Endpoint.post("/v1/buckets", "Adds a bucket that is somewhere else, by the address of its S3 service")
                        .accepts(Add.class)
                        .status(201)
                        .returns(Changed.class)
                        .handler(request -> add(request.body(Add.class))),
                Endpoint.post("/v1/buckets/restore", "Makes a bucket with what one had that was destroyed")
                        .accepts(Restore.class)
                        .status(201)
                        .returns(Changed.class)
                        .handler(request -> restore(request.body(Restore.class))),
                Endpoint.get(one + "/access", "Gives what opens a bucket, for the AWS tools")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .returns(Access.class)
                        .handler(request -> buckets.access(spec(request))),
                Endpoint.get(
                                one + "/url",
                                "Gives a URL that lets whoever has it do one thing with one object for a while")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .query("key", "of the object")
                        .query("method", "GET, which goes without saying, PUT, HEAD or DELETE")
                        .query("headers", "that go with the request and are signed, as x-amz-meta-NAME has to be; JSON")
                        .query("seconds", "for which it is valid; 3600 unless told")
                        .returns(Signed.class)
                        .handler(request -> signed(spec(request), request)),
                Endpoint.get(one + "/list-url", "Gives a URL that for a while gives a page of the list of the objects")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .query("prefix", "of the keys")
                        .query("delimiter", "up to which keys with the same beginning become one line")
                        .query("token", "with which the page before says where the next begins")
                        .returns(Signed.class)
                        .handler(request -> listed(spec(request), request)),
                Endpoint.post(one + "/rotate", "Gives a bucket, or an app for all its buckets, another key")
                        .query(ResourceApi.APP, "the app whose key it is; without one, the bucket's own")
                        .returns(Changed.class)
                        .handler(this::rotate));
    }

    private Changed add(Add add) {
        if (add.key().isBlank() || add.secret().isBlank()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST, "a bucket that is somewhere else needs an access key and its secret", "");
        }
        return resources.create(
                Buckets.NAME,
                new Create(
                        add.name(), Buckets.external(add.endpoint(), add.bucket(), add.region()), add.app(), add.as()),
                Map.of(Buckets.KEY, add.key(), Buckets.SECRET, add.secret()));
    }

    private Changed restore(Restore wanted) {
        Changed made =
                resources.create(Buckets.NAME, new Create(wanted.name(), Map.of(), Optional.empty(), Optional.empty()));
        try {
            ResourceRow row = resources.require(Buckets.NAME, wanted.name(), Optional.empty());
            buckets.revive(row.spec(), wanted.from());
        } catch (RuntimeException e) {
            resources.destroy(Buckets.NAME, wanted.name(), Optional.empty(), List.of());
            throw e;
        }
        return new Changed(resources.show(Buckets.NAME, wanted.name(), Optional.empty()), made.deploys());
    }

    private Signed listed(ResourceSpec spec, ApiRequest request) {
        Map<String, String> query = new HashMap<>();
        request.query("prefix").ifPresent(prefix -> query.put("prefix", prefix));
        request.query("delimiter").ifPresent(delimiter -> query.put("delimiter", delimiter));
        request.query("token").ifPresent(token -> query.put("continuation-token", token));
        return new Signed(buckets.presignedList(spec, query, LIST_VALID, clock.instant()));
    }

    private Signed signed(ResourceSpec spec, ApiRequest request) {
        String method = request.query("method").orElse("GET");
        if (!Set.of("GET", "PUT", "HEAD", "DELETE").contains(method)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "a URL is for GET, PUT, HEAD or DELETE, not for \"%s\"".formatted(method),
                    "");
        }
        String key = request.query("key").orElse("");
        if (key.isEmpty()) {
            throw new StoaException(ErrorCode.BAD_REQUEST, "the URL needs the key of an object", "");
        }
        return new Signed(buckets.presigned(
                spec,
                method,
                key,
                request.query("headers").map(BucketApi::headers).orElse(Map.of()),
                valid(request.query("seconds")),
                clock.instant()));
    }

    private static Map<String, String> headers(String json) {
        Map<String, String> headers = new HashMap<>();
        try {
            Json.MAPPER
                    .readTree(json)
                    .forEachEntry((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value.asString()));
        } catch (JacksonException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST, "headers=%s is no JSON object of texts".formatted(json), "", e);
        }
        return headers;
    }

    private static Duration valid(Optional<String> given) {
        try {
            Duration valid = given.map(Long::parseLong).map(Duration::ofSeconds).orElse(VALID);
            if (valid.isPositive() && valid.compareTo(VALID_MAX) <= 0) {
                return valid;
            }
        } catch (NumberFormatException e) {
            // Said below, together with the numbers that are out of range.
        }
        throw new StoaException(
                ErrorCode.BAD_REQUEST,
                "a URL is valid for 1 second to 7 days, and \"%s\" seconds were asked for".formatted(given.orElse("")),
                "for example: --expires 1h");
    }

    private Changed rotate(ApiRequest request) {
        Optional<String> app = request.query(ResourceApi.APP);
        ResourceRow row = Resources.ready(resources.require(Buckets.NAME, request.path("name"), app));
        if (app.isPresent() && !Buckets.isExternal(row.spec())) {
            AppRow owner = apps.require(app.get());
            if (resources.show(Buckets.NAME, row.name(), Optional.empty()).apps().stream()
                    .noneMatch(user -> user.app().equals(owner.name()))) {
                throw new StoaException(
                        ErrorCode.RESOURCE_NOT_FOUND,
                        "%s does not have the bucket %s".formatted(owner.name(), row.name()),
                        "leave -a out to rotate the bucket's own key");
            }
            buckets.rotate(owner.id());
            return resources.rollOut(row, "Rotate the key of");
        }
        ResourceRow _ = resources.changeSecrets(row, buckets::rotate);
        return new Changed(resources.show(Buckets.NAME, row.name(), Optional.empty()), List.of());
    }

    private ResourceSpec spec(ApiRequest request) {
        ResourceRow row = resources.require(Buckets.NAME, request.path("name"), request.query(ResourceApi.APP));
        return Resources.ready(row).spec();
    }
}
