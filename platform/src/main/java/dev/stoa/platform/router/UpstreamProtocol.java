package dev.stoa.platform.router;

/** What an instance speaks. */
public enum UpstreamProtocol {
    HTTP_1_1,
    /** HTTP/2 without encryption and without being asked (RFC 9113, 3.3). */
    H2C
}
