"""What the pages of docs/clients for PHP and Java have their readers do before they start the client."""
import shutil

import soap_java
from sealing import ROOT

TRUST = ["-Djavax.net.ssl.trustStore=trust.p12", "-Djavax.net.ssl.trustStorePassword=changeit"]


def prepare_php(_options, folder, _url, _ca):
    shutil.copy(ROOT / "tests" / "interop" / "siv.php", folder)


def prepare_java(options, folder, url, ca):
    """Makes the types and what stands between them and the client; of TLS, what the page says under Pitfalls."""
    store, classes = folder / "trust.p12", folder / "classes"
    store.unlink(missing_ok=True)
    shutil.rmtree(classes, ignore_errors=True)
    soap_java.tool("keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", ca, "-keystore", store,
                   "-storepass", "changeit")
    (folder / "java.options").write_text("\n".join([options, *TRUST, ""]), encoding="utf-8")
    soap_java.generated(url, classes, " ".join(TRUST).replace("trust.p12", str(store)))
    soap_java.compiled(classes, soap_java.SOURCES / "Siv.java", soap_java.SOURCES / "Texts.java")
