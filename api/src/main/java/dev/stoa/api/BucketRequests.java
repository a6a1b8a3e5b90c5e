package dev.stoa.api;

import java.util.Optional;

/** The bodies of the requests on buckets, and what some of them answer. */
public final class BucketRequests {
    private BucketRequests() {}

    /**
     * A bucket that is somewhere else.
     *
     * @param endpoint such as {@code https://s3.eu-central-1.amazonaws.com}
     * @param bucket   as it is called there
     * @param app      that gets it at once
     * @param as       by which name that app knows it; absent: its own
     */
    public record Add(
            String name,
            String endpoint,
            String bucket,
            String region,
            String key,
            String secret,
            Optional<String> app,
            Optional<String> as) {}

    /**
     * What opens a bucket, for the AWS tools.
     *
     * @param endpoint for {@code AWS_ENDPOINT_URL_S3}
     */
    public record Access(String endpoint, String region, String bucket, String key, String secret) {}

    /** @param url valid for a while, for whoever has it */
    public record Signed(String url) {}

    /** @param from the name of the bucket that was destroyed */
    public record Restore(String name, String from) {}
}
