// Siv in a process that sealing_lines.py asks: a question a line, as hexadecimal words.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;

final class SivLines {
    private static final HexFormat HEX = HexFormat.of();

    private SivLines() {
    }

    public static void main(String[] words) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(answer(line.split(" ", -1)));
        }
    }

    private static String answer(String[] asked) {
        try {
            return "ok " + HEX.formatHex(answered(asked[0], asked[1], asked[2], asked[3]));
        } catch (IllegalArgumentException | GeneralSecurityException refused) {
            return "refused";
        }
    }

    private static byte[] answered(String what, String key, String name, String text) throws GeneralSecurityException {
        byte[][] associated = Arrays.stream(name.split(",")).map(HEX::parseHex).toArray(byte[][]::new);
        switch (what) {
            case "seal":
                return Siv.seal(string(key), string(name), string(text)).getBytes(StandardCharsets.UTF_8);
            case "open":
                return Siv.open(string(key), string(name), string(text)).getBytes(StandardCharsets.UTF_8);
            case "siv":
                return Siv.encrypt(HEX.parseHex(key), HEX.parseHex(text), associated);
            case "unsiv":
                return Siv.decrypt(HEX.parseHex(key), HEX.parseHex(text), associated);
            default:
                throw new IllegalStateException(what);
        }
    }

    private static String string(String hex) {
        return new String(HEX.parseHex(hex), StandardCharsets.UTF_8);
    }
}
