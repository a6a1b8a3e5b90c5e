package dev.stoa.api;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** What the stream of a one-off command tells, one JSON document a line; the last is always an {@link Exit}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = RunEvent.Started.class, name = "started"),
    @JsonSubTypes.Type(value = RunEvent.Output.class, name = "output"),
    @JsonSubTypes.Type(value = RunEvent.Errors.class, name = "errors"),
    @JsonSubTypes.Type(value = RunEvent.Bytes.class, name = "bytes"),
    @JsonSubTypes.Type(value = RunEvent.Exit.class, name = "exit")
})
public sealed interface RunEvent {
    /** The first event: {@code id} ends the command by {@code DELETE /v1/apps/APP/runs/ID}. */
    record Started(String id, String release) implements RunEvent {}

    /** What it wrote to stdout or its terminal, as text, line ends included. */
    record Output(String text) implements RunEvent {}

    /** What it wrote to stderr, in the same form. */
    record Errors(String text) implements RunEvent {}

    /** What it wrote and is no UTF-8 by itself; a character may be cut in two. */
    record Bytes(String base64, boolean errors) implements RunEvent {}

    /** The end: the exit status as a shell would give it, 128 + n for signal n. */
    record Exit(int status) implements RunEvent {}
}
