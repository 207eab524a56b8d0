//! What to do about an error of the network, of an account or of a disk, in one line.

use std::io::ErrorKind;

use lazo::shell::rules::RulesError;
use lazo::shell::wording::Language;

use super::system::Target;

/// How much of an error is shown that nobody knows a remedy for.
const ERROR_CHARS_MAX: usize = 400;

/// An error as a person is told it: in one line, with the remedy where there is one.
/// All of it where `verbose`.
pub fn told(error: &anyhow::Error, target: &Target, verbose: bool, lang: Language) -> String {
    let whole = match error.downcast_ref::<RulesError>() {
        Some(error) if !matches!(error, RulesError::Store(_)) => lang.rules_error(error),
        _ => of_causes(error, lang),
    };
    let of_account = Account { target, lang }.trouble(&whole);
    match (of_account, of_disk(error, &whole, lang)) {
        (Some(line), _) if verbose => format!("{line}\n{whole}"),
        (Some(line), _) => {
            format!("{line}{}", lang.pick(" (detalles con -v)", " (-v for details)"))
        }
        (None, Some(remedy)) => format!("{whole}; {remedy}"),
        (None, None) if verbose => format!("{whole}\n{error:?}"),
        (None, None) => shortened(&whole, lang),
    }
}

/// An error and what caused it. A cause that the error before it tells already is left out.
fn of_causes(error: &anyhow::Error, lang: Language) -> String {
    let mut told = Vec::new();
    let mut before = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !before.ends_with(&cause) {
            told.push(lang.failure_reason(&cause).into_owned());
        }
        before = cause;
    }
    told.join(": ")
}

/// The SDK's errors go over many lines of a debugger's language.
fn shortened(whole: &str, lang: Language) -> String {
    let is_sdk = ["Unhandled", "DispatchFailure", "ConnectorError", "ErrorMetadata"];
    let is_long = whole.chars().count() > ERROR_CHARS_MAX;
    if !is_long || !is_sdk.iter().any(|word| whole.contains(word)) {
        return whole.to_owned();
    }
    let begin: String = whole.chars().take(ERROR_CHARS_MAX).collect();
    format!("{begin}…{}", lang.pick(" (detalles con -v)", " (-v for details)"))
}

/// What a full disk, a folder without rights and the like ask for.
fn of_disk(error: &anyhow::Error, whole: &str, lang: Language) -> Option<String> {
    let kind = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    let kind = kind.map(std::io::Error::kind);
    let is_full = |kind| matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let (es, en) = match kind {
        _ if kind.is_some_and(is_full) || whole.contains("disk is full") => (
            "el disco está lleno: libera espacio y repite; lo que se aceptó está guardado",
            "the disk is full: free some space and try again; what was accepted is stored",
        ),
        Some(ErrorKind::PermissionDenied) => (
            "este usuario no tiene permiso ahí: dale permisos a la carpeta o indica otra con --data",
            "this user has no right to it: mend the folder's rights, or name another with --data",
        ),
        Some(ErrorKind::ReadOnlyFilesystem) => (
            "ahí no se puede escribir: indica otra carpeta con --data",
            "nothing can be written there: name another folder with --data",
        ),
        Some(ErrorKind::NotADirectory | ErrorKind::AlreadyExists) => (
            "ahí hay un archivo donde hace falta una carpeta: quítalo o indica otra carpeta con --data",
            "a file stands where a folder is needed: move it away, or name another folder with --data",
        ),
        _ if whole.contains("cannot write mails into") => (
            "haz que se pueda escribir en esa carpeta, o indica otra con --data; --smtp manda los correos a un servidor",
            "let that folder be written, or name another with --data; --smtp sends mails to a server",
        ),
        _ => return None,
    };
    Some(lang.pick(es, en).to_owned())
}

/// What an error of the SDK says, and what that means, in Spanish and English. `{what}`
/// stands for the table or the bus. The first that fits counts.
const TROUBLES: &[(&[&str], &str, &str)] = &[
    (
        &["Missing Region", "MissingRegion", "region must be set"],
        "no se sabe en qué región de AWS trabajar: define AWS_REGION, o region en tu perfil de ~/.aws/config",
        "the AWS region is not known: set AWS_REGION, or region in your profile in ~/.aws/config",
    ),
    (
        &["ExpiredToken", "token has expired", "session has expired", "RequestExpired"],
        "las credenciales de AWS caducaron: entra otra vez (aws sso login) y repite",
        "the AWS credentials have expired: sign in again (aws sso login) and repeat",
    ),
    (
        &[
            "CredentialsNotLoaded",
            "no providers in chain",
            "loading credentials",
            "ProviderError",
            "credential provider was not enabled",
        ],
        "no hay credenciales de AWS: define AWS_PROFILE, o entra con aws sso login (compruébalo con aws sts get-caller-identity)",
        "no AWS credentials were found: set AWS_PROFILE, or sign in with aws sso login (aws sts get-caller-identity shows whose they are)",
    ),
    (
        &[
            "UnrecognizedClient",
            "InvalidClientTokenId",
            "InvalidSignature",
            "IncompleteSignature",
            "security token included in the request is invalid",
        ],
        "AWS no reconoce estas credenciales: revisa AWS_PROFILE y las claves (aws sts get-caller-identity)",
        "AWS does not know these credentials: check AWS_PROFILE and the keys (aws sts get-caller-identity)",
    ),
    (
        &["ResourceNotFound"],
        "no existe {what} en {region}: revisa el nombre y la región (AWS_REGION); la salida TableName de la pila lo dice",
        "there is no {what} in {region}: check the name and the region (AWS_REGION); the stack's outputs name it",
    ),
    (
        &["Throttling", "ThroughputExceeded", "RequestLimitExceeded"],
        "AWS pide ir más despacio con {what}: espera un minuto y repite",
        "AWS asks to slow down at {what}: wait a minute and repeat",
    ),
    (
        &[
            "dispatch failure",
            "dns error",
            "timeout",
            "timed out",
            "ConnectorError",
            "DispatchFailure",
        ],
        "no se pudo llegar a AWS ({region}): revisa la red, el proxy y el nombre de la región (AWS_REGION)",
        "AWS could not be reached ({region}): check the network, the proxy and the region's name (AWS_REGION)",
    ),
];

/// The account of a command: what its errors are about.
struct Account<'a> {
    target: &'a Target,
    lang: Language,
}

impl Account<'_> {
    /// What the SDK's error means and what mends it, where it is a known one.
    fn trouble(&self, whole: &str) -> Option<String> {
        let has = |words: &[&str]| words.iter().any(|word| whole.contains(word));
        let is_remote = self.target.table.is_some() || self.target.bus.is_some();
        if !is_remote || !has(&["DynamoDB", "EventBridge", "SES", "AWS", "dispatch failure"]) {
            return None;
        }
        let what = self.what(whole);
        if has(&["AccessDenied", "not authorized to perform"]) {
            return Some(denied(whole, &what, self.lang));
        }
        let (_, es, en) = TROUBLES.iter().find(|(words, ..)| has(words))?;
        let line = self.lang.pick(es, en);
        Some(line.replace("{what}", &what).replace("{region}", &self.region()))
    }

    /// The table or the bus that an error is about.
    fn what(&self, whole: &str) -> String {
        let Target { table, bus, .. } = self.target;
        match (table, bus) {
            (_, Some(bus)) if whole.contains("EventBridge") => format!("bus {bus:?}"),
            (Some(table), _) => format!("{} {table:?}", self.lang.pick("tabla", "table")),
            (None, bus) => format!("bus {:?}", bus.as_deref().unwrap_or_default()),
        }
    }

    fn region(&self) -> String {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let set = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        set.unwrap_or_else(|| {
            self.lang.pick("la región de tu perfil", "your profile's region").into()
        })
    }
}

/// Who may not do what: the action is what an administrator has to allow.
fn denied(whole: &str, what: &str, lang: Language) -> String {
    let behind = |words: &str| {
        let (_, rest) = whole.split_once(words)?;
        let end = rest.find(|c: char| c.is_whitespace() || "\",;".contains(c));
        Some(rest[..end.unwrap_or(rest.len())].to_owned())
    };
    let action = behind("not authorized to perform: ");
    let who = behind("User: ").map(|who| format!(" ({who})")).unwrap_or_default();
    match (lang, action) {
        (Language::Es, Some(action)) => {
            format!(
                "AWS no permite {action} en {what}{who}: pide esa acción a quien administra la cuenta, o usa otro AWS_PROFILE"
            )
        }
        (Language::En, Some(action)) => {
            format!(
                "AWS does not allow {action} on {what}{who}: ask whoever administers the account for that action, or use another AWS_PROFILE"
            )
        }
        (Language::Es, None) => format!("AWS no permite usar {what}{who}: usa otro AWS_PROFILE"),
        (Language::En, None) => {
            format!("AWS does not allow the use of {what}{who}: use another AWS_PROFILE")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, bus: bool, lang: Language) -> String {
        let target = Target {
            which: Default::default(),
            tells_rules: None,
            data: ".lazo".into(),
            new: false,
            table: Some("tienda".into()),
            bus: bus.then(|| "bus-1".to_owned()),
            rules: None,
        };
        told(&anyhow::anyhow!(text.to_owned()), &target, false, lang)
    }

    #[test]
    fn each_trouble_of_an_account_has_a_remedy_in_one_line() {
        for (text, found) in [
            (
                "DynamoDB: dispatch failure: other: an error occurred while loading credentials: the credential provider was not enabled (ProviderError(..))",
                "set AWS_PROFILE",
            ),
            (
                "DynamoDB: service error: ResourceNotFoundException: Requested resource not found",
                "no table \"tienda\"",
            ),
            (
                "DynamoDB: service error: UnrecognizedClientException: The security token included in the request is invalid.",
                "check AWS_PROFILE",
            ),
            ("DynamoDB: service error: ExpiredTokenException: ..", "aws sso login"),
            (
                "DynamoDB: dispatch failure: io error: client error (Connect): dns error: failed to lookup address information",
                "AWS could not be reached",
            ),
            (
                "DynamoDB: failed to construct request: Invalid Configuration: Missing Region",
                "AWS_REGION",
            ),
        ] {
            let told = line(text, false, Language::En);
            assert!(told.contains(found) && told.lines().count() == 1, "{told}");
            assert!(told.ends_with("(-v for details)"), "{told}");
            assert!(line(text, false, Language::Es).ends_with("(detalles con -v)"));
        }
    }

    #[test]
    fn a_denial_names_the_action() {
        let text = "EventBridge: service error: AccessDeniedException: User: arn:aws:iam::1:user/ana is not authorized to perform: events:PutEvents on resource: arn:aws:events:x";
        let told = line(text, true, Language::En);
        let expected =
            "AWS does not allow events:PutEvents on bus \"bus-1\" (arn:aws:iam::1:user/ana)";
        assert!(told.starts_with(expected), "{told}");
    }

    #[test]
    fn what_nobody_knows_stays_as_it_is() {
        assert_eq!(line("no failure \"x\"", false, Language::En), "no failure \"x\"");
    }
}
