package dev.stoa.platform.http;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.RequestBody;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** What a client asks. */
public final class ApiRequest {
    /** A JSON body has at most so many bytes. */
    static final int BODY_BYTES_MAX = 1 << 20;

    private final ServerRequest request;
    private final RequestBody body;

    ApiRequest(ServerRequest request, RequestBody body) {
        this.request = request;
        this.body = body;
    }

    /** What stands in the path for a {@code {name}}. */
    public String path(String name) {
        return request.path().pathParameters().get(name);
    }

    public Optional<String> query(String name) {
        return request.query().first(name).asOptional();
    }

    public Optional<String> header(String name) {
        return request.headers().first(HeaderNames.create(name));
    }

    /** The body as it comes. */
    public InputStream bodyStream() {
        return body;
    }

    /**
     * The body, from JSON.
     *
     * @throws StoaException if it is too large, no JSON, or has a member that the type does not know
     */
    public <T extends Record> T body(Class<T> type) {
        try (InputStream stream = bodyStream()) {
            byte[] bytes = stream.readNBytes(BODY_BYTES_MAX + 1);
            if (bytes.length > BODY_BYTES_MAX) {
                throw new StoaException(
                        ErrorCode.TOO_LARGE, "the body has more than %d bytes".formatted(BODY_BYTES_MAX), "");
            }
            JsonNode body = Json.MAPPER.readTree(bytes);
            refuseUnknown(body, type);
            return Json.MAPPER.treeToValue(body, type);
        } catch (JacksonException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the body is not the JSON that this endpoint takes: " + e.getOriginalMessage(),
                    "/openapi.json describes it",
                    e);
        } catch (IOException e) {
            throw new StoaException(ErrorCode.BAD_REQUEST, "the body did not arrive whole: " + e.getMessage(), "", e);
        }
    }

    private static void refuseUnknown(JsonNode body, Class<? extends Record> type) {
        List<String> known = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getName)
                .toList();
        for (String member : body.propertyNames()) {
            if (!known.contains(member)) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is not a member of the body".formatted(member),
                        Nearest.of(member, known)
                                .map("did you mean \"%s\"?"::formatted)
                                .orElse("it has: " + String.join(", ", known)));
            }
        }
    }
}
