package dev.stoa.platform.http;

import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One endpoint of the API: what it takes, what it gives, a sentence, and what it does. Routing and the OpenAPI document are
 * both made from these, so that they cannot differ.
 */
public final class Endpoint {
    private static final int OK = 200;
    private static final int NO_CONTENT = 204;

    private final Builder shape;
    private final Action action;

    private Endpoint(Builder shape, Action action) {
        this.shape = shape;
        this.action = action;
    }

    /** What an endpoint does. */
    sealed interface Action {
        /** Gives a value, written as JSON. */
        record Answers(Answer answer) implements Action {}

        /** Gives nothing. */
        record Does(Deed deed) implements Action {}

        /** Writes one JSON document a line, as they come. */
        record Tells(Telling telling) implements Action {}

        /** Speaks a protocol of its own. */
        record Speaks(Speech speech) implements Action {}
    }

    @FunctionalInterface
    public interface Answer {
        Object to(ApiRequest request) throws Exception;
    }

    @FunctionalInterface
    public interface Deed {
        void on(ApiRequest request) throws Exception;
    }

    @FunctionalInterface
    public interface Telling {
        /** Is interrupted when the client has gone. */
        void to(ApiRequest request, EventSink sink) throws Exception;
    }

    /** An answer with another status than the endpoint's own. */
    public record Reply(int status, Object body) {}

    @FunctionalInterface
    public interface Speech {
        void to(ApiRequest request, RawResponse response) throws Exception;
    }

    record QueryParameter(String name, String description) {}

    public static Builder get(String path, String summary) {
        return new Builder("GET", path, summary);
    }

    public static Builder post(String path, String summary) {
        return new Builder("POST", path, summary);
    }

    public static Builder patch(String path, String summary) {
        return new Builder("PATCH", path, summary);
    }

    public static Builder delete(String path, String summary) {
        return new Builder("DELETE", path, summary);
    }

    /** The type of a list, for {@link Builder#returns}. */
    public static Type listOf(Class<?> element) {
        return new Schemas.ListOf(element);
    }

    /** The type of a map from strings, for {@link Builder#returns}. */
    public static Type mapOf(Class<?> value) {
        return new Schemas.MapOf(value);
    }

    String method() {
        return shape.method;
    }

    String path() {
        return shape.path;
    }

    String summary() {
        return shape.summary;
    }

    List<QueryParameter> queries() {
        return shape.queries;
    }

    Optional<Class<?>> requestType() {
        return shape.requestType;
    }

    Optional<String> requestStream() {
        return shape.requestStream;
    }

    Optional<Type> responseType() {
        return shape.responseType;
    }

    Optional<Class<?>> eventType() {
        return shape.eventType;
    }

    int status() {
        return shape.status.orElse(action instanceof Action.Does ? NO_CONTENT : OK);
    }

    /** Whether it asks for no token. */
    boolean isOpen() {
        return shape.open;
    }

    Action action() {
        return action;
    }

    /** Whether it is part of the API proper, and not the door of another protocol. */
    boolean described() {
        return !(action instanceof Action.Speaks);
    }

    /** An endpoint on its way; the handler, said last, completes it. */
    public static final class Builder {
        private final String method;
        private final String path;
        private final String summary;
        private final List<QueryParameter> queries = new ArrayList<>();
        private Optional<Class<?>> requestType = Optional.empty();
        private Optional<String> requestStream = Optional.empty();
        private Optional<Type> responseType = Optional.empty();
        private Optional<Class<?>> eventType = Optional.empty();
        private Optional<Integer> status = Optional.empty();
        private boolean open;

        private Builder(String method, String path, String summary) {
            this.method = method;
            this.path = path;
            this.summary = summary;
        }

        public Builder query(String name, String description) {
            queries.add(new QueryParameter(name, description));
            return this;
        }

        /** The body is JSON, of this record. */
        public Builder accepts(Class<? extends Record> type) {
            requestType = Optional.of(type);
            return this;
        }

        /** The body is a stream of bytes, which the handler reads. */
        public Builder acceptsStream(String mediaType) {
            requestStream = Optional.of(mediaType);
            return this;
        }

        public Builder status(int code) {
            status = Optional.of(code);
            return this;
        }

        /** Asks for no token: the handler itself knows whom to believe. */
        public Builder open() {
            open = true;
            return this;
        }

        public Returning returns(Type type) {
            responseType = Optional.of(type);
            return answer -> new Endpoint(this, new Action.Answers(answer));
        }

        /** The answer is one JSON document of this type a line, for as long as there is something to tell. */
        public Streaming streams(Class<?> type) {
            eventType = Optional.of(type);
            return telling -> new Endpoint(this, new Action.Tells(telling));
        }

        public Endpoint handler(Deed deed) {
            return new Endpoint(this, new Action.Does(deed));
        }

        /**
         * Both bodies are what the handler makes of them, by a protocol that is described elsewhere: the endpoint is not in
         * the OpenAPI document. Its clients may send the token as the password of HTTP Basic, and read errors as text.
         */
        public Endpoint speaks(Speech speech) {
            return new Endpoint(this, new Action.Speaks(speech));
        }
    }

    @FunctionalInterface
    public interface Returning {
        Endpoint handler(Answer answer);
    }

    @FunctionalInterface
    public interface Streaming {
        Endpoint handler(Telling telling);
    }
}
