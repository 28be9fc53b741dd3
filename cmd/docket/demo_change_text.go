package main

import (
	"time"

	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
)

// The list of sub-processors before the change and after it. Every company in it is made up.
const (
	subprocessorsBefore = `Sub-processors of Atlas Cloud AI

Hosting: Sample Racks BV, Netherlands
Prompts of the chat service: none
Mail: Sample Post GmbH, Germany
`
	subprocessorsAfter = `Sub-processors of Atlas Cloud AI

Hosting: Sample Racks BV, Netherlands
Prompts of the chat service: Sample Models Inc., United States
Mail: Sample Post GmbH, Germany
`
)

// sampleChange is the new sub-processor, two months ahead.
func sampleChange(now time.Time) desk.OpenChangeInput {
	today := now.UTC().Truncate(24 * time.Hour)
	return desk.OpenChangeInput{
		Kind: "subprocessor", Title: "Sample Models Inc. answers prompts of the chat service",
		Summary: "Some prompts of the chat service are answered by models of Sample Models Inc., United States.",
		Subject: provider, Services: []string{chatService}, Planned: today.AddDate(0, 0, 60), SendBy: today.AddDate(0, 0, 2),
		Document: "subprocessors", Text: subprocessorsAfter, Drill: true,
	}
}

// changeLetter is the notice, complete in three languages. Everybody's dates and the link are put into the letter by Docket.
func changeLetter() letters.Notice {
	write := func(subject string, words map[string]string) letters.Content {
		elements := map[string]letters.Fill{letters.ContactPoint: {State: letters.Filled, Text: privacyAddress}}
		for id, text := range words {
			elements[id] = letters.Fill{State: letters.Filled, Text: text}
		}
		return letters.Content{Subject: subject, Elements: elements}
	}
	return letters.Notice{
		Template: letters.ChangeCustomer, TemplateVersion: letters.LatestTemplate(letters.ChangeCustomer), Fallback: "en",
		Languages: map[string]letters.Content{
			"en": write("A new sub-processor of the chat service", map[string]string{
				letters.WhatChanges: "Sample Models Inc., United States, becomes a sub-processor of the chat service.", letters.Why: "Its models answer some prompts better.",
				letters.WhatItMeans: "Prompts of your users can be answered there. They are not kept.", letters.WhatYouCanDo: "Read your dates below, and object on your page if you do not agree.",
			}),
			"de": write("Ein neuer Unterauftragsverarbeiter des Chat-Dienstes", map[string]string{
				letters.WhatChanges: "Sample Models Inc., USA, wird Unterauftragsverarbeiter des Chat-Dienstes.", letters.Why: "Die Modelle beantworten manche Eingaben besser.",
				letters.WhatItMeans: "Eingaben Ihrer Nutzer können dort beantwortet werden. Sie werden nicht aufbewahrt.", letters.WhatYouCanDo: "Lesen Sie unten Ihre Fristen, und widersprechen Sie auf Ihrer Seite, wenn Sie nicht einverstanden sind.",
			}),
			"fr": write("Un nouveau sous-traitant ultérieur du service de chat", map[string]string{
				letters.WhatChanges: "Sample Models Inc., États-Unis, devient sous-traitant ultérieur du service de chat.", letters.Why: "Ses modèles répondent mieux à certaines saisies.",
				letters.WhatItMeans: "Des saisies de vos utilisateurs peuvent y recevoir leur réponse. Elles n’y sont pas conservées.", letters.WhatYouCanDo: "Lisez vos délais ci-dessous et opposez-vous sur votre page si vous n’êtes pas d’accord.",
			}),
		},
	}
}
