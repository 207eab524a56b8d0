//! What the check finds in any template, and what it lets pass.

use super::{owned, shipped, shipped_rules};
use crate::message::Templates;
use crate::rulebook::RuleBook;

const POLICY: &str = "
brand: { name: Casa Lumbre, from: hola@casa.example, postal_address: 'Orizaba 127, México' }
default_locale: es
currency: MXN
";

pub(super) fn rule(purpose: &str, trigger: &str, channel: &str, status: &str) -> String {
    format!(
        "rule: hello\nstatus: {status}\npurpose: {purpose}\ntrigger: {{ {trigger} }}\n\
         steps: [{{ id: first, channel: {channel}, template: hello }}]\n"
    )
}

pub(super) fn found(rule: &str, templates: &[(&str, &str)]) -> Vec<String> {
    let book = RuleBook::read(&owned(&[("policy.yaml", POLICY), ("hello.yaml", rule)])).unwrap();
    let found = Templates::read(&owned(templates)).check(&book);
    found.iter().map(ToString::to_string).collect()
}

pub(super) fn mjml(inner: &str) -> String {
    format!(
        "<mjml>\n<mj-body>\n<mj-section>\n<mj-column>\n{inner}\n</mj-column>\n</mj-section>\n\
         </mj-body>\n</mjml>\n"
    )
}

fn in_script(trigger: &str, text: &str) -> Vec<String> {
    found(&rule("service", trigger, "call", "live"), &[("hello/es/script.md", text)])
}

fn in_purchase_script(text: &str) -> Vec<String> {
    in_script("event: PurchaseCompleted", text)
}

pub(super) const NOTHING: Vec<String> = Vec::new();

#[test]
fn the_shipped_templates_pass() {
    let found = shipped().check(&shipped_rules());
    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(told, NOTHING);
}

#[test]
fn a_template_that_is_missing_is_told_with_the_nearest() {
    let live = rule("service", "event: PurchaseCompleted", "email", "live");
    let expected = "rules/hello.yaml:5:48: error: step \"first\" names the template \"hello\", and \
                    there is no folder templates/hello; did you mean \"helo\"?";
    assert_eq!(found(&live, &[("helo/es/subject.txt", "x")]), [expected]);
    let archived = rule("service", "event: PurchaseCompleted", "email", "archived");
    assert_eq!(found(&archived, &[]), NOTHING);
}

#[test]
fn every_language_in_use_needs_every_file() {
    let live = rule("service", "event: PurchaseCompleted", "email", "draft");
    let body = mjml("<mj-text>Hola</mj-text>");
    let files = [
        ("hello/es/subject.txt", "Hola"),
        ("hello/es/body.mjml", &body),
        ("hello/en/subject.txt", "Hello"),
        ("hello/es_MX/subject.txt", "Hola"),
        ("other/fr-CA/script.md", "Bonjour"),
        ("other/es-MX/script.md", "Hola"),
    ];
    let missing = "is missing; other messages speak this language, so this one must too";
    let expected = [
        format!("templates/hello/en/body.mjml:1:1: error: {missing}"),
        "templates/hello/es_MX/subject.txt:1:1: error: is not read: \"es_MX\" is no language tag \
         such as es or es-MX"
            .into(),
        format!("templates/hello/fr-CA/body.mjml:1:1: error: {missing}"),
        format!("templates/hello/fr-CA/subject.txt:1:1: error: {missing}"),
    ];
    assert_eq!(found(&live, &files), expected);
    let expected = [
        "templates/hello/es/script.md:1:1: error: is missing; the policy's default language needs it",
    ];
    let call = rule("service", "event: PurchaseCompleted", "call", "live");
    assert_eq!(found(&call, &[("hello/es/subject.txt", "x")]), expected);
}

#[test]
fn mistakes_of_the_language_are_told_with_their_place() {
    let cases = [
        (
            "Hola\n{% if x %}",
            "2:9: error: syntax error: the end of the file does not go here, %} is missing",
        ),
        ("Hola\n {{ 1 | mony }}", "2:9: error: unknown filter \"mony\"; did you mean \"money\"?"),
        (
            "{% include '_brand/heder.md' %}",
            "1:4: error: there is no file \"_brand/heder.md\" to include",
        ),
        (
            "{% if false %}{{ 1 is evn }}{% endif %}",
            "1:23: error: unknown test \"evn\"; did you mean \"even\"?",
        ),
        (
            "{{ event.items | money }}",
            "1:18: error: money takes event.total | money, or a number with its currency: customer.total_spent | money(customer.currency)",
        ),
        (
            "{{ 5 | money('pesos') }}",
            "1:8: error: a currency is three capital letters, such as \"MXN\"",
        ),
        ("{{ 'soon' | day }}", "1:13: error: day takes a date, such as purchase.at | day"),
    ];
    for (text, expected) in cases {
        assert_eq!(in_purchase_script(text), [format!("templates/hello/es/script.md:{expected}")]);
    }
}

#[test]
fn names_that_do_not_exist_are_told_with_the_nearest() {
    let cases = [
        (
            "a\n{{ custmer.id }}",
            "2:4: error: unknown variable \"custmer\"; did you mean \"customer\"?",
        ),
        (
            "{{ customer.given_nme }}",
            "1:4: error: customer has no field \"given_nme\"; did you mean \"given_name\"?",
        ),
        // A closed object never gets the field: no default makes up for it.
        (
            "{{ customer.nombre | default('') }}",
            "1:4: error: customer has no field \"nombre\"; `lazo template fields` lists all",
        ),
        (
            "{{ brand.adress | default('') }}",
            "1:4: error: brand has no field \"adress\"; `lazo template fields` lists all",
        ),
        (
            "{{ purchase.totl.amount }}",
            "1:4: error: purchase has no field \"totl\"; did you mean \"total\"?",
        ),
        (
            "{% if false %}{{ event.totl }}{% endif %}",
            "1:18: error: event has no field \"totl\"; did you mean \"total\"?",
        ),
        (
            "{% set oftener = 1 %}{{ often | default('') }}",
            "1:25: error: unknown variable \"often\"; `lazo template fields` lists all",
        ),
        (
            "{{ event.total.amout }}",
            "1:4: error: event.total has no field \"amout\"; did you mean \"amount\"?",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(in_purchase_script(text), [format!("templates/hello/es/script.md:{expected}")]);
    }
    let sound = "{{ customer.attributes.vip | default('') }}{{ event.gift_wrap | default('') }}\
                 {% if event.gift is defined %}{% endif %}{% if customer.purchases > 1 %}\
                 {% set often = true %}{% endif %}{{ often | default('') }}{{ locale }}";
    assert_eq!(in_purchase_script(sound), NOTHING);
    assert_eq!(
        in_script("occasion: birthday", "{{ occasion.date | day }}{{ event.total }}"),
        ["templates/hello/es/script.md:1:29: error: event is known only in rules that an event \
          triggers; write default(…) behind it"]
    );
}

#[test]
fn what_may_be_missing_is_found_in_every_branch() {
    let may_be_missing = |place: &str, name: &str| {
        format!(
            "templates/hello/es/script.md:{place}: error: {name} may be missing; write {{{{ {name} | \
             default(\"\") }}}}, or put it behind {{% if {name} is defined %}}"
        )
    };
    let cases = [
        ("a\n  {{ customer.given_name }}", "2:6", "customer.given_name"),
        ("{% if customer.last_csat > 3 %}x{% endif %}", "1:7", "customer.last_csat"),
        ("{{ customer.attributes.vip }}", "1:4", "customer.attributes.vip"),
        ("{{ customer.interests[0] }}", "1:4", "customer.interests[0]"),
        ("{{ event.sold_by }}", "1:4", "event.sold_by"),
        ("{{ customer.last_purchase_at | day }}", "1:4", "customer.last_purchase_at"),
        ("{{ last_contact.at | day }}", "1:4", "last_contact"),
        ("{{ brand.reply_to }}", "1:4", "brand.reply_to"),
        ("{{ brand.logo_url | upper }}", "1:4", "brand.logo_url"),
        (
            "{% if customer.stage == 'commitment' %}{{ customer.given_name }}{% endif %}",
            "1:43",
            "customer.given_name",
        ),
        (
            "{% for item in event.items | default([]) %}{{ item.category }}{% endfor %}",
            "1:47",
            "item.category",
        ),
        (
            "{% if purchase.id != event.purchase_id %}{{ customer.family_name }}{% endif %}",
            "1:45",
            "customer.family_name",
        ),
    ];
    for (text, place, name) in cases {
        assert_eq!(in_purchase_script(text), [may_be_missing(place, name)], "{text}");
    }
}

#[test]
fn what_is_wrong_in_two_lines_is_told_of_both() {
    let told =
        in_purchase_script("{% if false %}{{ 1 | fance }}{% endif %}\n{{ customer.given_name }}");
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("script.md:1:22: error: unknown filter"), "{told:?}");
    assert!(told[1].contains("script.md:2:4: error: customer.given_name may be"), "{told:?}");
}

#[test]
fn the_last_of_several_attempts_at_a_call_says_what_follows() {
    let never = [
        "call.then is defined and call.attempt < call.attempts",
        "call.then is defined and call.attempts == 1",
    ];
    for case in never {
        let text = format!("{{% if {case} %}}{{{{ customer.given_name }}}}{{% endif %}}");
        assert_eq!(in_purchase_script(&text), NOTHING, "{text}");
    }
    let last =
        "{% if call.attempt == call.attempts and call.attempts > 1 %}{{ call.then }}{% endif %}";
    assert_eq!(in_purchase_script(last), NOTHING);
}

#[test]
fn what_is_sure_to_be_there_needs_no_default() {
    let bought = "{{ customer.phone }}{{ purchase.total | money }}{{ event.total | money }}";
    assert_eq!(in_purchase_script(bought), NOTHING);
    assert_eq!(in_script("stage: dissolution", "{{ purchase.at | day }}"), NOTHING);
    assert_eq!(in_script("occasion: birthday", "{{ occasion.date | day }}"), NOTHING);
    let guarded = "{% if customer.purchases > 0 %}{{ customer.last_purchase_at | day }}\
                   {{ customer.average_spent | money('MXN') }}{% endif %}\
                   {% if customer.stage == 'commitment' %}{{ customer.first_purchase_at }}{% endif %}\
                   {% set name = customer.given_name | default('') %}{% if name %}\
                   {{ customer.given_name }}{% endif %}";
    assert_eq!(in_script("event: CallReported", guarded), NOTHING);
    let found = in_script("event: CallReported", "{{ purchase.id }}");
    assert!(found[0].contains("purchase may be missing"), "{found:?}");
}

#[test]
fn shared_parts_are_checked_where_they_stand() {
    let rule = rule("service", "event: PurchaseCompleted", "email", "live");
    let body = mjml("<mj-text>Hola</mj-text>\n{% include \"_brand/footer.mjml\" %}");
    let footer = "<mj-text>\n{{ given }} {{ customer.given_name }}\n{{ brand.adress | default('') }}</mj-txt>";
    let files = [
        ("hello/es/subject.txt", "{% set given = 1 %}Hola"),
        ("hello/es/body.mjml", &format!("{{% set given = 1 %}}{body}")),
        ("_brand/es/footer.mjml", footer),
    ];
    let found = found(&rule, &files);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0]
            .starts_with("templates/_brand/es/footer.mjml:2:16: error: customer.given_name may be")
    );
    assert!(
        found[1].starts_with(
            "templates/_brand/es/footer.mjml:3:4: error: brand has no field \"adress\""
        )
    );
    let mistyped = body.replace("footer", "foter");
    let files = [
        ("hello/es/subject.txt", "Hola"),
        ("hello/es/body.mjml", &*mistyped),
        ("_brand/es/footer.mjml", "<mj-text>a</mj-text>"),
    ];
    let near = "did you mean \"_brand/footer.mjml\"?";
    assert!(self::found(&rule, &files)[0].ends_with(near), "{:?}", self::found(&rule, &files));
    let footer = "{% if true %}\n<mj-text>\n  a\n</mj-txt>{% endif %}";
    let files = [
        ("hello/es/subject.txt", "Hola"),
        ("hello/es/body.mjml", &*body),
        ("_brand/footer.mjml", footer),
    ];
    assert_eq!(
        self::found(&rule, &files),
        [
            "templates/_brand/footer.mjml:2:1: error: <mj-text> is not closed before </mj-column>; \
             write </mj-text>",
            "templates/_brand/footer.mjml:4:1: error: </mj-txt> closes nothing",
        ]
    );
}

#[test]
fn mail_to_staff_is_there_where_the_policy_sends_it_and_sound() {
    let policy = format!(
        "{POLICY}people: {{ eva: {{ email: eva@casa.example }} }}\ncomplaints: {{ escalate_to: [eva] }}\n"
    );
    let book = RuleBook::read(&owned(&[("policy.yaml", &policy)])).unwrap();
    let found = |templates: &[(&str, &str)]| -> Vec<String> {
        let found = Templates::read(&owned(templates)).check(&book);
        found.iter().map(ToString::to_string).collect()
    };
    let missing = found(&[]);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].contains("no folder templates/complaint-escalated"), "{missing:?}");
    let body = mjml("<mj-text>{{ complaint.id }}, {{ customer.given_name }}</mj-text>");
    let wrong = found(&[
        ("complaint-escalated/es/subject.txt", "{{ complaint.sverity }}"),
        ("complaint-escalated/es/body.mjml", &body),
    ]);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].contains("customer.given_name"), "{wrong:?}");
    assert!(wrong[1].contains("did you mean \"severity\"?"), "{wrong:?}");
}

#[test]
fn a_number_is_not_taken_for_text() {
    for (text, told) in [
        ("{{ event.total.amount ~ ' MXN' }}", "1:16: error: an amount is a number"),
        ("{{ event.total.amount | replace('.', ',') }}", "an amount is a number"),
        ("{{ event.total.amount|string }}", "an amount is a number"),
        (
            "{% if event.total.amount > '1000' %}x{% endif %}",
            "event.total.amount is a number; write",
        ),
        (
            "{% if \"1000\" <= event.total.amount %}x{% endif %}",
            "event.total.amount is a number; write",
        ),
        ("{% if customer.purchases == '1' %}x{% endif %}", "customer.purchases is a number; write"),
        (
            "{% for i in event['items'] %}{% if i.unit_price and i.unit_price.amount > '9' %}x{% endif %}{% endfor %}",
            "i.unit_price.amount is a number",
        ),
    ] {
        let found = in_purchase_script(text);
        assert!(found.iter().any(|found| found.contains(told)), "{text}: {found:?}");
    }
    for fine in [
        "{{ event.total.amount }} ~ {{ event.total.amount * 2 }}",
        "{% if event.total.amount > 1000 and event.total.currency == 'MXN' %}x{% endif %}",
        "{{ event.total.amount | round(2) }}",
        "{% if customer.stage == 'expansion' and customer.purchases == 1 %}x{% endif %}",
    ] {
        assert_eq!(in_purchase_script(fine), NOTHING, "{fine}");
    }
}

#[test]
fn a_file_that_nothing_reads_is_told() {
    let live = rule("service", "event: PurchaseCompleted", "call", "live");
    let found = found(&live, &[("hello/es/script.md", "x"), ("hello/es/Script.MD", "y")]);
    let expected =
        "templates/hello/es/Script.MD:1:1: error: is not read; did you mean \"script.md\"?";
    assert_eq!(found, [expected]);
}
