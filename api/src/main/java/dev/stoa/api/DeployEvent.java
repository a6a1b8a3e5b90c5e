package dev.stoa.api;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Optional;

/** What the stream of a deploy tells, one JSON document a line; the last is always an {@link End}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = DeployEvent.Line.class, name = "line"),
    @JsonSubTypes.Type(value = DeployEvent.End.class, name = "end")
})
public sealed interface DeployEvent {
    /** A line for people: {@code -----> Installing} or an indented detail. */
    record Line(String text) implements DeployEvent {}

    /** The outcome. {@code url} is there when the app answers. */
    record End(Deploy deploy, Optional<String> url) implements DeployEvent {}
}
