package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/duty/sheet"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// registry puts customers and their agreements on the router.
func (s *surface) registry() {
	register(s, get("/v1/customers", "listCustomers", "List customers", access.CustomerRead),
		func(ctx context.Context, actor access.Actor, in *PageParams) (*answer[desk.Page[desk.CustomerView]], error) {
			return page(s.desk.Customers(ctx, actor, in.Cursor, in.Limit))
		})
	register(s, get("/v1/customers/{ref}/agreements/{kind}", "explainAgreement", "Explain what a customer is owed, and by which clause", access.AgreementRead),
		func(ctx context.Context, actor access.Actor, in *explainInput) (*answer[desk.ExplainView], error) {
			view, err := s.desk.Explain(ctx, actor, in.Ref, in.Kind, in.Service)
			if err != nil {
				return nil, err
			}
			return &answer[desk.ExplainView]{Body: view}, nil
		})
	r := post("/v1/agreements/import", "importAgreements", "Import customers, contacts and agreements from YAML and CSV files", access.AgreementImport).large(s)
	r.types = []string{jsonType, formType}
	register(s, r, func(ctx context.Context, actor access.Actor, in *importInput) (*answer[ImportReport], error) {
		files, err := in.files()
		if err != nil {
			return nil, err
		}
		report, err := s.desk.ImportAgreements(ctx, actor, files)
		if err != nil {
			return nil, err
		}
		return &answer[ImportReport]{Body: importReport(report)}, nil
	})
}

type explainInput struct {
	Ref     string `path:"ref" maxLength:"120" doc:"Account reference of the customer"`
	Kind    string `path:"kind" maxLength:"60" example:"incident-notice" doc:"What is owed"`
	Service string `query:"service" maxLength:"120" doc:"Service that the incident touched"`
}

type importInput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte `contentType:"multipart/form-data"`
}

// ImportFiles are the files of an import in one JSON document.
type ImportFiles struct {
	Files map[string][]byte `json:"files" minProperties:"1" doc:"Contents by file name: *.yaml, customers.csv, contacts.csv, acceptances.csv; base64"`
}

// ImportReport says what an import found; with any error nothing was imported.
type ImportReport struct {
	Imported       bool            `json:"imported" doc:"The files were understood and are in force"`
	Errors         []ImportFinding `json:"errors" doc:"What could not be understood"`
	Gaps           []ImportFinding `json:"gaps" doc:"What will be missing when it is needed"`
	Contradictions []ImportFinding `json:"contradictions" doc:"Terms in force between which nothing decides"`
}

// ImportFinding is one thing that the files should say otherwise.
type ImportFinding struct {
	File     string `json:"file,omitempty" doc:"File"`
	Line     int    `json:"line,omitempty" doc:"Line, where one is at fault"`
	Field    string `json:"field,omitempty" doc:"Key or column, where one is at fault"`
	Customer string `json:"customer,omitempty" doc:"Account reference of the customer concerned"`
	Text     string `json:"text" doc:"What to mend"`
}

func importReport(r sheet.Report) ImportReport {
	return ImportReport{
		Imported: len(r.Errors) == 0,
		Errors:   findings(r.Errors), Gaps: findings(r.Gaps), Contradictions: findings(r.Contradictions),
	}
}

func findings(found []sheet.Finding) []ImportFinding {
	out := make([]ImportFinding, len(found))
	for i, f := range found {
		out[i] = ImportFinding(f)
	}
	return out
}

// importBodies documents the two bodies that an import may have.
func importBodies(api huma.API) *huma.RequestBody {
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		jsonType: {Schema: api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[ImportFiles](), true, "")},
		formType: {Schema: &huma.Schema{
			Type: huma.TypeObject, Description: "One part a file, with its file name; the parts' names do not matter",
			AdditionalProperties: &huma.Schema{Type: huma.TypeString, Format: "binary"},
		}},
	}}
}

// files reads the files of an import from either body.
func (in *importInput) files() (map[string][]byte, error) {
	kind, params, _ := mime.ParseMediaType(in.ContentType)
	if kind == formType {
		return parts(multipart.NewReader(bytes.NewReader(in.RawBody), params["boundary"]))
	}
	decoder := json.NewDecoder(bytes.NewReader(in.RawBody))
	decoder.DisallowUnknownFields()
	var body ImportFiles
	if err := decoder.Decode(&body); err != nil {
		return nil, problem.InvalidField("files", "is an object of file names and base64 contents")
	}
	if len(body.Files) == 0 {
		return nil, problem.InvalidField("files", "names at least one file")
	}
	return body.Files, nil
}

// mostFiles bounds the parts of a form; each costs memory beyond its bytes.
const mostFiles = 100

func parts(form *multipart.Reader) (map[string][]byte, error) {
	files := map[string][]byte{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, problem.New(problem.Invalid, "the form is not multipart/form-data as in RFC 7578")
		}
		name := part.FileName()
		if name == "" {
			return nil, problem.InvalidField(part.FormName(), "is no file: give every part a file name")
		}
		if _, twice := files[name]; twice || len(files) == mostFiles {
			return nil, problem.InvalidField(name, "is given twice, or is one of more than %d files", mostFiles)
		}
		if files[name], err = io.ReadAll(part); err != nil {
			return nil, problem.InvalidField(name, "ended early")
		}
	}
	if len(files) == 0 {
		return nil, problem.InvalidField("files", "names at least one file")
	}
	return files, nil
}
