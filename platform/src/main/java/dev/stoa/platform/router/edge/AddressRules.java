package dev.stoa.platform.router.edge;

import dev.stoa.api.AddressRange;
import java.net.InetAddress;
import java.util.List;

/** Which addresses may ask: those that are allowed, or all where none is named, but never those that are denied. */
public final class AddressRules {
    private final List<AddressRange> allow;
    private final List<AddressRange> deny;

    public AddressRules(List<String> allow, List<String> deny) {
        this.allow = ranges(allow);
        this.deny = ranges(deny);
    }

    private static List<AddressRange> ranges(List<String> texts) {
        return texts.stream()
                .map(text -> AddressRange.parse(text).orElseThrow(() -> new IllegalArgumentException(text)))
                .toList();
    }

    public boolean admits(InetAddress address) {
        return !isIn(deny, address) && (allow.isEmpty() || isIn(allow, address));
    }

    private static boolean isIn(List<AddressRange> ranges, InetAddress address) {
        for (AddressRange range : ranges) {
            if (range.contains(address)) {
                return true;
            }
        }
        return false;
    }
}
